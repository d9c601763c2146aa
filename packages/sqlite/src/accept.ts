import { WebhookError } from '@postern/core'
import { type Intake, type Taken, type TaskDraft } from '@postern/core/inbox'
import type { Claimed, Lanes } from './lanes.ts'
import { createNewEvents, encodeIntake, type AddEvent } from './encode.ts'
import { fullError } from './capacity.ts'
import type { Store } from './store.ts'
import { createWake } from './revive.ts'
import type { Work } from './work.ts'

/** Takes deliveries in. */
export interface Accept {
  /** Resolves when the delivery is committed. */
  (intake: Intake): Promise<readonly Taken[]>
}

/** Makes a receiver's accept. Tasks that can run at once in this process are claimed by the insert itself. */
export function createAccept(
  store: Store,
  receiver: string,
  now: () => number,
  lanes: Lanes,
): Accept {
  const { writer, tally, keys, tasks, begun, settings } = store
  const newEvents = createNewEvents(store.connections.main)
  const wake = createWake(store, now, lanes)

  return (intake) => {
    const encoded = encodeIntake(intake)
    const { bytes } = encoded
    if (writer.waiting + bytes > settings.maxWaitingBytes)
      throw new WebhookError(
        'inbox_full',
        `sqliteInbox: ${writer.waiting} bytes of deliveries wait for their commit, maxWaitingBytes is ${settings.maxWaitingBytes}`,
      )
    return new Promise((resolve, reject) => {
      let taken: Taken[] = []
      let claimed: Claimed[] = []
      let refused: WebhookError | undefined
      const work: Work = {
        bytes,
        deadline: performance.now() + settings.deadline,
        run() {
          taken = []
          claimed = []
          refused = fullError(tally, receiver, intake, settings.maxPending)
          if (refused) return
          const add = newEvents.begin(encoded)
          for (let at = 0; at < intake.items.length; at++)
            taken.push(take(intake, at, add, claimed))
        },
        undo: () => lanes.cancel(claimed),
        done() {
          if (refused) return reject(refused)
          resolve(taken)
          if (claimed.length > 0) lanes.start(claimed)
        },
        failed: reject,
      }
      writer.add(work)
    })
  }

  function take(intake: Intake, at: number, add: AddEvent, claimed: Claimed[]): Taken {
    const item = intake.items[at]!
    const { event } = item
    const owner = tally.receiver(receiver)
    const hash = keys.hash(owner, event.key)
    const known = event.dedupe ? keys.find(hash, owner, event.key) : undefined
    if (known !== undefined) return wake(known)
    const number = keys.add(hash)
    add(at, number, owner)
    const due = Math.floor(now())
    for (const draft of item.tasks) {
      const lane = tally.lane(receiver, draft.subscription)
      const { orderKey } = draft
      const sharing = orderKey === undefined ? [] : lanes.sharing(draft.subscription, lane)
      const blocked = orderKey !== undefined && tasks.isTaken(sharing, orderKey)
      const slot = blocked ? undefined : lanes.slot(draft.subscription)
      if (!slot) {
        tasks.insert({ event: number, lane, draft, due, blocked })
        continue
      }
      const task: Claimed = {
        slot,
        id: 0,
        token: store.token(),
        lane,
        orderKey,
        sharing,
        subscription: draft.subscription,
        part: draft.part,
        data: draft.data,
        attempt: 1,
        eventRow: number,
        event,
        delivery: intake.delivery,
      }
      // First, so that its slot is free again where storing it fails.
      claimed.push(task)
      const leased = Date.now() + settings.lease
      if (isPlain(draft)) begun.add(task, leased)
      else {
        const { token } = task
        task.id = tasks.insert({ event: number, lane, draft, due: leased, token, blocked })!
      }
    }
    return 'new'
  }
}

function isPlain({ orderKey, part, data }: TaskDraft): boolean {
  return orderKey === undefined && part === undefined && data === undefined
}
