import { WebhookError } from '@postern/core'
import type { Consumer, Intake, Pace, Runner, Taken, TaskDraft } from '@postern/core/inbox'
import type { Lanes } from './lanes.ts'
import { encodeIntake, type AddEvent } from './encode.ts'
import { fullError } from './capacity.ts'
import type { Store } from './store.ts'
import type { Running } from './task.ts'
import { NO_TURN } from './turns.ts'
import type { Work } from './work.ts'

/** Takes deliveries in. */
export interface Accept {
  /** Resolves when the delivery is committed. */
  (intake: Intake): Promise<readonly Taken[]>
}

/** Makes a receiver's accept. Tasks that can run at once in this process are claimed by the insert itself. */
export function createAccept(
  store: Store,
  consumer: Consumer,
  lanes: Lanes,
  runner: Runner<Running>,
  pace: Pace,
): Accept {
  const { receiver } = consumer
  const reviving = { sharing: lanes.sharing, ready: runner.ready }
  const { writer, tally, keys, order, newTasks, newEvents } = store
  const { turns, guards, revive, begun, settings, topicLog } = store

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
      let claimed: Running[] = []
      let added = 0
      let refused: WebhookError | undefined
      const work: Work = {
        bytes,
        deadline: performance.now() + settings.deadline,
        run() {
          taken = []
          claimed = []
          added = 0
          const owner = tally.receiver(receiver)
          refused = fullError(tally, owner, receiver, intake, settings, pace)
          if (refused) return
          const add = newEvents.begin(encoded)
          const said = guards.judge(intake, owner)
          for (let at = 0; at < intake.items.length; at++) {
            const one = said?.[at] ?? take(intake, at, owner, add, claimed)
            taken.push(one)
            if (one === 'new') added += intake.items[at]!.tasks.length
          }
          pace.added(added)
        },
        undo() {
          pace.added(-added)
          claimed.forEach(({ slot }) => runner.reserve(slot, -1))
        },
        done() {
          if (refused) return reject(refused)
          resolve(taken)
          if (claimed.length > 0) runner.start(claimed)
        },
        failed: reject,
      }
      writer.add(work)
    })
  }

  function take(
    intake: Intake,
    at: number,
    owner: number,
    add: AddEvent,
    claimed: Running[],
  ): Taken {
    const item = intake.items[at]!
    const { event } = item
    const hash = keys.hash(owner, event.key)
    const known = event.dedupe ? keys.find(hash, owner, event.key) : undefined
    const due = Math.floor(consumer.now())
    if (event.guards !== undefined) guards.take(event.guards, owner, known ?? keys.next())
    if (known !== undefined) return revive.event(known, due, reviving)
    const number = keys.add(hash)
    add(at, number, owner)
    topicLog.add(number, event.topic)
    for (const draft of item.tasks) {
      const lane = tally.lane(receiver, draft.subscription)
      const { orderKey } = draft
      const sharing = orderKey === undefined ? NO_LANES : lanes.sharing(draft.subscription, lane)
      const behind = orderKey !== undefined && order.isTaken(sharing, orderKey)
      const slot = behind ? undefined : runner.take(draft.subscription)
      if (!slot) {
        if (isPlain(draft)) begun.pending(lane, number, due)
        else newTasks.add({ event: number, lane, sharing, draft, due })
        continue
      }
      const turn = draft.fairKey === undefined ? NO_TURN : newTasks.turnOf(lane, draft)
      const token = store.token()
      const task: Running = {
        slot,
        id: 0,
        token,
        receiver,
        event: number,
        lane,
        tenant: turn.tenant,
        orderKey,
        sharing,
        number: 1,
        fresh: true,
        subscription: draft.subscription,
        part: draft.part,
        data: draft.data,
        eventRecord: event,
        delivery: intake.delivery,
        free: undefined,
        lease: undefined,
        started: 0,
        took: 0,
        stored: false,
        place: -1,
        over: false,
        committed: undefined,
      }
      // First, so that its slot is free again if storing it fails.
      claimed.push(task)
      const leased = Date.now() + settings.lease
      if (isPlain(draft)) begun.claimed(task, leased)
      else {
        if (turn !== NO_TURN) turns.reach(lane, turn.turn)
        task.id = newTasks.add({ event: number, lane, sharing, draft, due: leased, token, turn })!
      }
    }
    return 'new'
  }
}

const NO_LANES: readonly number[] = []

function isPlain({ orderKey, part, data, fairKey }: TaskDraft): boolean {
  return orderKey === undefined && part === undefined && data === undefined && fairKey === undefined
}
