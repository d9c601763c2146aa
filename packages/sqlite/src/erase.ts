import {
  checkErase,
  decodeDelivery,
  decodeEvent,
  encodeDelivery,
  encodeEvent,
  erased,
  inSteps,
  isAboutTasks,
  type EraseOptions,
  type InboxView,
} from '@postern/core/inbox'
import { placeOf } from './places.ts'
import { createSearch, type PlacedRow, type Search } from './search.ts'
import type { Store } from './store.ts'
import { written } from './written.ts'

// Milliseconds that finding the events of one step may take.
const BUDGET = 100
// States up to running are open; `stored` waits for dead tasks too.
const ERASABLE =
  'e.contents IS NOT 2 AND NOT EXISTS (SELECT 1 FROM postern_tasks x WHERE x.event = e.id AND x.state < 2)'
const PASSED =
  'e.contents = 1 AND NOT EXISTS (SELECT 1 FROM postern_tasks x WHERE x.event = e.id AND x.state <> 2)'

/** Makes `InboxView.erase`: steps of some events, each a transaction that looks again at their tasks. */
export function createErase(store: Store, tasks: Search): InboxView['erase'] {
  const db = store.driver.main
  const events = createSearch(store, 'events')
  const find = (condition: string) =>
    db.prepare(
      `SELECT e.id, e.record, e.delivery, coalesce(e.head, d.head) AS head, coalesce(e.body, d.body) AS body
       FROM postern_events e LEFT JOIN postern_deliveries d ON d.id = e.delivery WHERE e.id = ? AND ${condition}`,
    )
  const findErasable = find(ERASABLE)
  const findPassed = find(PASSED)
  const empty = db.prepare(
    'UPDATE postern_events SET contents = 2, record = ?, head = ?, body = ?, delivery = NULL WHERE id = ?',
  )
  // Other events may have come in the same delivery.
  const dropDelivery = db.prepare(
    'DELETE FROM postern_deliveries WHERE id = ? AND NOT EXISTS (SELECT 1 FROM postern_events e WHERE e.delivery = postern_deliveries.id)',
  )

  return async (filter, options = {}) => {
    checkErase(filter, options)
    const { passing = false } = options
    const byTasks = isAboutTasks(filter)
    const and = passing ? PASSED : ERASABLE
    return inSteps(options, async ({ cursor, rows, dryRun }) => {
      const page = { limit: rows, cursor, budget: BUDGET, and, passing }
      const found = byTasks
        ? await tasks<PlacedRow>('t.id, t.event, e.received', filter, page)
        : await events<PlacedRow>('e.id, e.id AS event, e.received', filter, page)
      const ids = new Set(found.rows.map(({ event }) => event))
      // The last event of a step may have more tasks, which the next one begins with.
      if (dryRun && byTasks && cursor !== undefined) ids.delete(placeOf(cursor).event)
      if (dryRun || ids.size === 0) return { count: ids.size, cursor: found.cursor }
      const count = await written(store, () => {
        const statement = passing ? findPassed : findErasable
        let erasures = 0
        // One body at a time: those of a step may be gigabytes.
        for (const id of ids) {
          const row = statement.get(id) as unknown as EventRow | undefined
          if (row && erase(row, options.keep)) erasures++
        }
        return erasures
      })
      return { count, cursor: found.cursor }
    })
  }

  function erase(row: EventRow, keep: EraseOptions['keep']): boolean {
    const kept = decoded(row)
    if (!kept) return false
    const left = erased(kept, keep)
    const { head, body } = encodeDelivery(left.delivery)
    empty.run(encodeEvent(left.event), head, body, row.id)
    if (row.delivery !== null) dropDelivery.run(row.delivery)
    return true
  }
}

/** Undefined for a damaged row, which must not keep the others from being erased. */
function decoded({ record, head, body }: EventRow): Parameters<typeof erased>[0] | undefined {
  try {
    const delivery = decodeDelivery(head, body)
    return { event: decodeEvent(record, delivery), delivery }
  } catch {
    return undefined
  }
}

interface EventRow {
  readonly id: number
  readonly record: string
  readonly delivery: number | null
  readonly head: string
  readonly body: Uint8Array
}
