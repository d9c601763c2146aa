import type { Database } from '../driver/driver.ts'

// Rows looked at in one transaction.
const STEP = 500
// Processes that attempts can name.
const PROCESSES = 10_000

/** Makes the function that drops unreferenced rows: few of them, once in each round of pruning. Inside a transaction. */
export function createTidy(db: Database): () => void {
  const processes = db.prepare(
    `DELETE FROM postern_processes WHERE id <= (SELECT max(id) FROM postern_processes) - ${PROCESSES}`,
  )
  // Once the lane has reached a tenant's turn, the row of the tenant is not needed.
  const tenants = db.prepare(
    `SELECT t.lane, t.fair, t.open <= 0 AND t.turn <= l.turn AS idle FROM postern_tenants t
     JOIN postern_lanes l ON l.id = t.lane WHERE (t.lane, t.fair) > (?, ?) ORDER BY t.lane, t.fair LIMIT ${STEP}`,
  )
  const dropTenant = db.prepare('DELETE FROM postern_tenants WHERE lane = ? AND fair = ?')
  let reached: Pick<Tenant, 'lane' | 'fair'> = { lane: 0, fair: '' }

  return () => {
    processes.run()
    const rows = tenants.all(reached.lane, reached.fair) as Tenant[]
    for (const { lane, fair, idle } of rows) if (idle === 1) dropTenant.run(lane, fair)
    reached = rows.length < STEP ? { lane: 0, fair: '' } : rows.at(-1)!
  }
}

interface Tenant {
  readonly lane: number
  readonly fair: string
  readonly idle: number
}
