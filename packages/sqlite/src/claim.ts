import { type Json } from '@postern/core'
import { decodeDelivery, decodeEvent, type Consumer } from '@postern/core/inbox'
import { explain } from './errors.ts'
import { namesOf, roomOf, type Claimed, type Lanes, type Slot } from './lanes.ts'
import type { Store } from './store.ts'
import { DEAD, PENDING, RUNNING } from './tally.ts'
import type { Work } from './work.ts'

/** What a claim tells its port. */
export interface ClaimHost {
  readonly consumer: Consumer
  readonly lanes: Lanes
  /** False where nothing is to be claimed any more. */
  readonly active: () => boolean
  /** The next task of a lane is due at that time, on the consumer's clock. */
  readonly dueAt: (at: number) => void
}

/** Makes what claims ready tasks for the free slots of a receiver, at the end of a transaction. */
export function createClaim(store: Store, host: ClaimHost): { wake(): void } {
  const { connections, settings, tally, writer } = store
  const { consumer, lanes } = host
  const db = connections.main
  // CROSS JOIN fixes the order of the tables, so that one range of the index on ready tasks is all that is read.
  const select = db.prepare(
    `SELECT t.id, t.event, t.part, t.data, t.attempt, t.order_key, e.record,
            coalesce(e.head, d.head) AS head, coalesce(e.body, d.body) AS body
     FROM postern_tasks t INDEXED BY postern_tasks_ready
     CROSS JOIN postern_events e ON e.id = t.event LEFT JOIN postern_deliveries d ON d.id = e.delivery
     WHERE t.lane = ? AND t.state = 0 AND t.blocked = 0 AND t.due <= ? ORDER BY t.due, t.id LIMIT ?`,
  )
  const claim = db.prepare(
    'UPDATE postern_tasks SET state = 1, attempt = attempt + 1, token = ?, due = ? WHERE id = ?',
  )
  const bury = db.prepare('UPDATE postern_tasks SET state = 3, due = ?, error = ? WHERE id = ?')
  const nextDue = db.prepare(
    'SELECT min(due) AS due FROM postern_tasks WHERE lane = ? AND state = 0 AND blocked = 0',
  )
  let claimed: Claimed[] = []
  let asked = false

  const work: Work = {
    bytes: 0,
    run() {
      claimed = []
      asked = false
      if (!host.active()) return
      for (const slot of lanes.all()) {
        const room = roomOf(slot)
        if (slot.backlog && room > 0) fill(slot, room)
      }
    },
    undo() {
      lanes.cancel(claimed)
      for (const { slot } of claimed) slot.backlog = true
      claimed = []
    },
    done: () => lanes.start(claimed),
    failed(error) {
      asked = false
      for (const slot of lanes.all()) slot.backlog = true
      consumer.warn(error.message)
    },
  }

  return {
    wake() {
      if (asked) return
      asked = true
      writer.addLast(work)
    },
  }

  function fill(slot: Slot, room: number): void {
    const now = Math.floor(consumer.now())
    let left = room
    for (const name of namesOf(slot.lane)) {
      const lane = tally.find(consumer.receiver, name)
      if (lane === undefined) continue
      const rows = select.all(lane, now, left) as unknown as ReadyRow[]
      for (const row of rows) {
        // What failed or took a process down before is claimed only to start at once: claimed ahead of time, it would
        // cost those around it an attempt each time.
        if (row.attempt > 0 && slot.claimed >= slot.lane.concurrency) return
        take(slot, name, lane, row)
      }
      left -= rows.length
      if (left === 0) return
      const { due } = nextDue.get(lane) as { due: number | null }
      if (due !== null) host.dueAt(due)
    }
    slot.backlog = false
  }

  function take(slot: Slot, subscription: string, lane: number, row: ReadyRow): void {
    const fence = store.token()
    const { id, part, data } = row
    try {
      const delivery = decodeDelivery(row.head, row.body)
      const task: Claimed = {
        slot,
        id,
        token: fence,
        lane,
        orderKey: row.order_key ?? undefined,
        subscription,
        part: part === '' ? undefined : part,
        data: data === null ? undefined : (JSON.parse(data) as Json),
        attempt: row.attempt + 1,
        eventRow: row.event,
        sharing: row.order_key === null ? [] : lanes.sharing(subscription, lane),
        event: decodeEvent(row.record, delivery),
        delivery,
      }
      claim.run(fence, Date.now() + settings.lease, id)
      tally.move(lane, PENDING, RUNNING)
      slot.claimed++
      claimed.push(task)
    } catch (error) {
      // What cannot be read cannot be run; left as it is, it would come first again and again.
      if (error instanceof Error && 'errcode' in error) throw error
      const message = `task ${id} cannot be read: ${explain(error, settings.path)}`
      bury.run(Date.now(), JSON.stringify({ name: 'UnreadableTask', message }), id)
      tally.move(lane, PENDING, DEAD)
      consumer.warn(message)
    }
  }
}

interface ReadyRow {
  readonly id: number
  readonly event: number
  readonly part: string
  readonly data: string | null
  readonly attempt: number
  readonly order_key: string | null
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}
