import type { Json } from '@postern/core'
import {
  decodeDelivery,
  decodeEvent,
  editedEvent,
  erasedError,
  type TaskDraft,
} from '@postern/core/inbox'
import { encodeIntake } from './encode.ts'
import { reading, type Store } from './store.ts'
import { written } from './written.ts'

/** Runs the event of a task once more with another payload; returns the id of the new task. */
export function createRerun(
  store: Store,
  look: () => void,
): (task: number, payload: Json) => Promise<string> {
  const { tally, keys, newEvents, newTasks } = store
  const find = store.driver.main.prepare(
    `SELECT t.lane, t.part, t.data, t.order_key, n.key AS tenant, e.contents, e.record, coalesce(e.head, d.head) AS head,
            coalesce(e.body, d.body) AS body
     FROM postern_tasks t JOIN postern_events e ON e.id = t.event LEFT JOIN postern_deliveries d ON d.id = e.delivery
     LEFT JOIN postern_tenants n ON n.id = t.tenant WHERE t.id = ?`,
  )
  const read = (task: number): RerunRow => {
    const row = find.get(task) as unknown as RerunRow | undefined
    if (!row) throw new TypeError(`rerun: there is no task ${task}`)
    if (row.contents === 2) throw erasedError('rerun', String(task))
    return row
  }

  return async (task, payload) => {
    // Outside of the transaction a mistake is a TypeError; inside, the file has failed.
    reading(store, () => read(task))
    const id = await written(store, () => {
      const row = read(task)
      const { name, receiver } = tally.laneOf(row.lane)
      const delivery = decodeDelivery(row.head, row.body)
      const event = editedEvent(decodeEvent(row.record, delivery), payload)
      const draft: TaskDraft = {
        subscription: name,
        ...(row.part !== '' && { part: row.part }),
        ...(row.data !== null && { data: JSON.parse(row.data) as Json }),
        ...(row.order_key !== null && { orderKey: row.order_key }),
        ...(row.tenant !== null && { fairKey: row.tenant }),
      }
      const number = keys.add(keys.hash(receiver, event.key))
      newEvents.begin(encodeIntake({ delivery, items: [{ event, tasks: [draft] }] }))(
        0,
        number,
        receiver,
      )
      return newTasks.add({ event: number, lane: row.lane, sharing: [row.lane], draft, due: 0 })
    })
    look()
    return String(id)
  }
}

interface RerunRow {
  readonly lane: number
  readonly part: string
  readonly data: string | null
  readonly order_key: string | null
  readonly tenant: string | null
  readonly contents: number | null
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}
