import { settledBy } from '../../../basics/deadline.ts'
import type { EventRecord, StoredDelivery } from '../../../event.ts'
import type { Host, Intake, IntakeItem, TaskDraft, Taken } from '../../inbox.ts'
import { room } from './capacity.ts'
import { MemoryEvent } from './event.ts'
import { revive } from './revive.ts'
import { add } from '../run/settle.ts'
import { forgetEvent, type MemoryState } from '../state.ts'

/** Takes a delivery, all of it or nothing. No handler runs inside. */
export function accept(state: MemoryState, intake: Intake, host: Host): readonly Taken[] {
  const { delivery, items } = intake
  const guarded = items.some(({ event }) => event.guards) ? state.guards.judge(items) : undefined
  if (guarded === 'refused') return items.map(() => 'refused')
  room(state, intake)
  state.store.version++
  const { lanes, settings } = state
  const ends: Promise<void>[] | undefined = host.waitUntil && lanes.works() ? [] : undefined
  const shared: Shared = { delivery, bytes: delivery.body.byteLength / items.length, ends }
  const taken = items.map((item) =>
    guarded?.has(item) === true ? 'duplicate' : take(state, item, shared),
  )
  if (ends && ends.length > 0) {
    lanes.wake()
    host.waitUntil!(settledBy(Promise.all(ends), performance.now() + settings.hold))
  }
  return taken
}

/** What the events of one delivery share. */
interface Shared {
  readonly delivery: StoredDelivery
  /** Bytes of the body, an equal share for each event. */
  readonly bytes: number
  /** Ends of the first attempts, if the host waits for them. */
  readonly ends: Promise<void>[] | undefined
}

function take(state: MemoryState, { event, tasks }: IntakeItem, shared: Shared): Taken {
  if (event.dedupe) {
    const held = state.known.held(event.key)
    if (held) return !held.erased && revive(state, held) ? 'revived' : 'duplicate'
    const dead = state.known.settled(event.key)
    // The set of tasks is fixed at the first accept: of a known event only its dead tasks run.
    if (dead?.length === 0) return 'duplicate'
    if (dead) {
      enter(state, event, dead, shared)
      return 'revived'
    }
  }
  enter(state, event, tasks, shared)
  return 'new'
}

function enter(
  state: MemoryState,
  event: EventRecord,
  drafts: readonly TaskDraft[],
  { delivery, bytes, ends }: Shared,
): void {
  const owner = new MemoryEvent(state.consumer.receiver, event, delivery, bytes)
  state.known.enter(owner)
  if (owner.guards) state.guards.enter(owner)
  let waits = true
  for (const draft of drafts) waits = add(state, owner, draft) && waits
  if (owner.open === 0) forgetEvent(state, owner)
  else if (waits) owner.fold()
  if (ends)
    for (const task of owner.tasks()) ends.push(new Promise((resolve) => (task.firstEnd = resolve)))
}
