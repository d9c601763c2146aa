import type { ContentsRow } from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import { DELIVERY } from '../sql/tasks.ts'

const TASKS_OF =
  'SELECT 1 FROM postern_tasks x WHERE x.id >= e.id << 16 AND x.id < (e.id + 1) << 16 AND'
// States up to running are open; `stored` waits for dead tasks too.
const ERASABLE = `e.contents IS NOT 2 AND NOT EXISTS (${TASKS_OF} x.state < 2)`
const PASSED = `e.contents = 1 AND NOT EXISTS (${TASKS_OF} x.state <> 2)`
/** A delivery goes with its last event. */
export const DROP_DELIVERY =
  'DELETE FROM postern_deliveries WHERE id = ? AND NOT EXISTS (SELECT 1 FROM postern_events e WHERE e.delivery = postern_deliveries.id)'

/** Makes `Viewed.erase`. Inside a transaction. */
export function createErase(
  db: Database,
): (
  events: readonly number[],
  passing: boolean,
  empty: ((contents: ContentsRow) => ContentsRow | undefined) | undefined,
) => number {
  const find = (condition: string) =>
    db.prepare(
      `SELECT e.id AS event, e.record, e.delivery, ${DELIVERY}
       FROM postern_events e LEFT JOIN postern_deliveries d ON d.id = e.delivery WHERE e.id = ? AND ${condition}`,
    )
  const findErasable = find(ERASABLE)
  const findPassed = find(PASSED)
  const replace = db.prepare(
    'UPDATE postern_events SET contents = 2, record = ?, head = ?, body = ?, delivery = NULL WHERE id = ?',
  )
  const dropDelivery = db.prepare(DROP_DELIVERY)

  return (events, passing, empty) => {
    let count = 0
    // One body at a time: those of a step may be gigabytes.
    for (const event of events) {
      const row = (passing ? findPassed : findErasable).get(event) as Row | undefined
      if (!row) continue
      const left = empty ? empty(row) : row
      if (!left) continue
      count++
      if (!empty) continue
      replace.run(left.record, left.head, left.body, event)
      if (row.delivery !== null) dropDelivery.run(row.delivery)
    }
    return count
  }
}

interface Row extends ContentsRow {
  readonly delivery: number | null
}
