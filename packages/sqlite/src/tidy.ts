import type { Database } from './driver/driver.ts'
import { BLOCK } from './topics.ts'

// Rows looked at in one transaction.
const STEP = 500
// Processes that attempts can name.
const PROCESSES = 10_000
// Topics that may stay without an event.
const TOPICS = 10_000

/** Makes the function that drops unreferenced rows: few of them, once in each round of pruning. Inside a transaction. */
export function createTidy(db: Database): () => void {
  const blocks = db.prepare(
    `DELETE FROM postern_topic_events WHERE block < coalesce((SELECT min(id) FROM postern_events), (SELECT next FROM postern_numbers)) / ${BLOCK}`,
  )
  const topics = db.prepare(
    `DELETE FROM postern_topics WHERE (SELECT count(*) FROM postern_topics) > ${TOPICS}
     AND id NOT IN (SELECT topic FROM postern_topic_events)`,
  )
  const processes = db.prepare(
    `DELETE FROM postern_processes WHERE id <= (SELECT max(id) FROM postern_processes) - ${PROCESSES}`,
  )
  // Once the lane has reached a tenant's turn, the row of the tenant is not needed.
  const tenants = db.prepare(
    `SELECT t.id, t.open <= 0 AND t.turn <= l.turn AS idle FROM postern_tenants t
     JOIN postern_lanes l ON l.id = t.lane WHERE t.id > ? ORDER BY t.id LIMIT ${STEP}`,
  )
  const dropTenant = db.prepare('DELETE FROM postern_tenants WHERE id = ?')
  let reached = 0

  return () => {
    if (Number(blocks.run().changes) > 0) topics.run()
    processes.run()
    const rows = tenants.all(reached) as unknown as { id: number; idle: number }[]
    for (const { id, idle } of rows) if (idle === 1) dropTenant.run(id)
    reached = rows.length < STEP ? 0 : rows.at(-1)!.id
  }
}
