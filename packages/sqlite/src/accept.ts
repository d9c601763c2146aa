import {
  encodeDelivery,
  encodeEvent,
  WebhookError,
  type Intake,
  type IntakeItem,
  type Taken,
} from '@postern/core'
import type { DatabaseSync } from 'node:sqlite'
import type { Claimed, Lanes } from './lanes.ts'
import type { Store } from './store.ts'
import { DEAD, PENDING } from './tally.ts'
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
  const { writer, tally, keys, tasks, settings } = store
  const db = store.connections.main
  const { addDelivery, addEvent, findFailed, revive } = prepare(db)

  return (intake) => {
    const { head, body } = encodeDelivery(intake.delivery)
    const records = intake.items.map((item) => encodeEvent(item.event, intake.delivery))
    const bytes = records.reduce((sum, record) => sum + record.length, head.length + body.length)
    if (writer.waiting + bytes > settings.maxWaiting)
      throw new WebhookError(
        'inbox_full',
        `sqliteInbox: ${writer.waiting} bytes of deliveries wait for their commit, maxWaiting is ${settings.maxWaiting}`,
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
          refused = checkRoom(intake)
          if (refused) return
          let delivery: number | undefined
          const share =
            intake.items.length === 1
              ? undefined
              : (): number => (delivery ??= Number(addDelivery.run(head, body).lastInsertRowid))
          intake.items.forEach((item, at) => {
            const parts = { record: records[at]!, head, body, share }
            taken.push(take(item, parts, intake, claimed))
          })
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

  function checkRoom(intake: Intake): WebhookError | undefined {
    const open = tally.open()
    const wanted = intake.items.reduce((sum, item) => sum + item.tasks.length, 0)
    if (open + wanted <= settings.maxPending) return undefined
    return new WebhookError(
      'inbox_full',
      `sqliteInbox: ${open} tasks are pending, maxPending is ${settings.maxPending}`,
    )
  }

  function take(
    item: IntakeItem,
    { record, head, body, share }: Parts,
    intake: Intake,
    claimed: Claimed[],
  ): Taken {
    const { event } = item
    const owner = tally.receiver(receiver)
    const { receivedAt } = intake.delivery
    const { id, topic, scope } = event
    const known = event.dedupe ? keys.find(owner, event.key) : undefined
    if (known !== undefined) return wake(known)
    const number = keys.add(owner, event.key)
    addEvent.run(
      number,
      owner,
      event.key,
      Math.floor(receivedAt),
      topic,
      id ?? null,
      scope ?? null,
      share ? share() : null,
      record,
      share ? null : head,
      share ? null : body,
    )
    const due = Math.floor(now())
    for (const draft of item.tasks) {
      const lane = tally.lane(receiver, draft.subscription)
      const { orderKey } = draft
      const sharing = orderKey === undefined ? [] : lanes.sharing(draft.subscription, lane)
      const blocked = orderKey !== undefined && tasks.isTaken(sharing, orderKey)
      const slot = blocked ? undefined : lanes.slot(draft.subscription)
      const token = slot && store.token()
      const at = slot ? Date.now() + settings.lease : due
      const task = tasks.insert({ event: number, lane, draft, due: at, token, blocked })
      if (slot && task !== undefined)
        claimed.push({
          slot,
          id: task,
          token: token!,
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
        })
    }
    return 'new'
  }

  /** Runs what failed of a known event: dead tasks from their first attempt, those that wait for a retry now. */
  function wake(id: number): Taken {
    const time = Math.floor(now())
    const failed = findFailed.all(id, time) as unknown as FailedRow[]
    for (const task of failed) {
      const name = tally.laneName(task.lane)
      const dead = task.state === DEAD
      const blocked =
        dead &&
        task.order_key !== null &&
        tasks.isTaken(lanes.sharing(name, task.lane), task.order_key)
      revive.run(time, dead ? 1 : 0, blocked ? 1 : 0, task.id)
      if (dead) tally.move(task.lane, DEAD, PENDING)
      lanes.ready(name)
    }
    return failed.length > 0 ? 'revived' : 'duplicate'
  }
}

/** An event as it is stored. */
interface Parts {
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
  /** Where others came with it: stores their delivery once and gives its number. */
  readonly share: (() => number) | undefined
}

interface FailedRow {
  readonly id: number
  readonly lane: number
  readonly state: number
  readonly order_key: string | null
}

function prepare(db: DatabaseSync) {
  return {
    addDelivery: db.prepare('INSERT INTO postern_deliveries (head, body) VALUES (?, ?)'),
    addEvent: db.prepare(
      'INSERT INTO postern_events (id, receiver, key, received, topic, event_id, scope, delivery, record, head, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    findFailed: db.prepare(
      'SELECT id, lane, state, order_key FROM postern_tasks WHERE event = ? AND (state = 3 OR (state = 0 AND error IS NOT NULL AND due > ?))',
    ),
    revive: db.prepare(
      'UPDATE postern_tasks SET state = 0, due = ?, attempt = iif(?, 0, attempt), blocked = ? WHERE id = ?',
    ),
  }
}
