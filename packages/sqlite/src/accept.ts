import {
  encodeDelivery,
  encodeEvent,
  WebhookError,
  type Intake,
  type IntakeItem,
  type Taken,
  type TaskDraft,
} from '@postern/core'
import type { DatabaseSync } from 'node:sqlite'
import type { Claimed, Lanes } from './lanes.ts'
import type { Store } from './store.ts'
import { createWake } from './wake.ts'
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
  const db = store.connections.main
  const { addDelivery, addEvent } = prepare(db)
  const wake = createWake(store, now, lanes)

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
    const hash = keys.hash(owner, event.key)
    const known = event.dedupe ? keys.find(hash, owner, event.key) : undefined
    if (known !== undefined) return wake(known)
    const number = keys.add(hash)
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

/** An event as it is stored. */
interface Parts {
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
  /** Where others came with it: stores their delivery once and gives its number. */
  readonly share: (() => number) | undefined
}

function isPlain({ orderKey, part, data }: TaskDraft): boolean {
  return orderKey === undefined && part === undefined && data === undefined
}

function prepare(db: DatabaseSync) {
  return {
    addDelivery: db.prepare('INSERT INTO postern_deliveries (head, body) VALUES (?, ?)'),
    addEvent: db.prepare(
      'INSERT INTO postern_events (id, receiver, key, received, topic, event_id, scope, delivery, record, head, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
  }
}
