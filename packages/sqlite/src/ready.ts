import type { Database } from './driver/driver.ts'
import type { Turns } from './turns.ts'

/** Finds tasks of a lane that may run. Inside a transaction. */
export interface Ready {
  /** Those that are due, in their order, at most that many. */
  due(lane: number, now: number, most: number): readonly ReadyRow[]
  /** True if a task is due, suspects included. */
  any(lane: number, now: number): boolean
  /** A suspect that is due. */
  suspect(lane: number, now: number): ReadyRow | undefined
  /** More of a row. */
  past(row: ReadyRow): Past
  /** When the next one is due, of those that are not due now. */
  next(lane: number, now: number): number | undefined
}

/** A task that may run, with its event and delivery. */
export interface ReadyRow {
  readonly id: number
  readonly event: number
  readonly part: string
  readonly data: string | null
  readonly attempt: number
  readonly order_key: string | null
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
  /** 1 if {@link Ready.past} has more than zeros. */
  readonly past: number
}

/** Columns that are empty for most tasks: each column of a row costs time, even an empty one. */
export interface Past {
  readonly turn: number
  readonly tenant: number
  readonly cut: number
  /** 1 if it failed before. */
  readonly failed: number
}

/** Of a task that is new. */
const NO_PAST: Past = { turn: 0, tenant: 0, cut: 0, failed: 0 }

/** A task that takes a turn of its tenant. One that was interrupted keeps its own: its tenant has used it for nothing. */
interface EnteringRow {
  readonly id: number
  readonly tenant: number
  readonly turn: number
  readonly cut: number
}

// Tasks that take a turn in one transaction.
const STEP = 256

/** Prepares the statements. */
export function createReady(db: Database, turns: Pick<Turns, 'again'>): Ready {
  // CROSS JOIN fixes the order of the tables, so that only one range of an index is read.
  const rows = (index: string): string =>
    `SELECT t.id, t.event, t.part, t.data, t.attempt, t.order_key,
            t.tenant > 0 OR t.cut > 0 OR t.error IS NOT NULL AS past, e.record, coalesce(e.head, d.head) AS head, coalesce(e.body, d.body) AS body
     FROM postern_tasks t INDEXED BY ${index}
     CROSS JOIN postern_events e ON e.id = t.event LEFT JOIN postern_deliveries d ON d.id = e.delivery`
  const inOrder = db.prepare(
    `${rows('postern_tasks_ready')} WHERE t.lane = ? AND t.state = 0 AND t.gate = 0 AND t.turn = 0 AND t.due <= ?
     ORDER BY t.due, t.id LIMIT ?`,
  )
  const inTurns = db.prepare(
    `${rows('postern_tasks_ready')} WHERE t.lane = ? AND t.state = 0 AND t.gate = 0 AND t.turn > 0 AND t.due <= ?
     ORDER BY t.turn, t.due, t.id LIMIT ?`,
  )
  const suspects = db.prepare(
    `${rows('postern_tasks_held')} WHERE t.lane = ? AND t.state = 0 AND t.gate > 1 AND t.gate = 2 AND t.due <= ?
     ORDER BY t.due LIMIT 1`,
  )
  const entering = db.prepare(
    `SELECT id, tenant, turn, cut FROM postern_tasks INDEXED BY postern_tasks_held
     WHERE lane = ? AND state = 0 AND gate > 1 AND gate = 3 AND due <= ? ORDER BY due LIMIT ${STEP}`,
  )
  const enter = db.prepare('UPDATE postern_tasks SET gate = 0, turn = ? WHERE id = ?')
  const any = db.prepare(
    `SELECT 1 FROM postern_tasks WHERE lane = ? AND state = 0 AND gate = 0 AND turn = 0 AND due <= ?
     UNION ALL SELECT 1 FROM postern_tasks WHERE lane = ? AND state = 0 AND gate = 0 AND turn > 0
     UNION ALL SELECT 1 FROM postern_tasks WHERE lane = ? AND state = 0 AND gate > 1 AND gate = 3 AND due <= ?
     UNION ALL SELECT 1 FROM postern_tasks WHERE lane = ? AND state = 0 AND gate > 1 AND gate = 2 AND due <= ? LIMIT 1`,
  )
  const past = db.prepare(
    'SELECT turn, tenant, cut, error IS NOT NULL AS failed FROM postern_tasks WHERE id = ?',
  )
  const next = db.prepare(
    `SELECT min(due) AS due FROM (
       SELECT min(due) AS due FROM postern_tasks WHERE lane = ? AND state = 0 AND gate = 0 AND turn = 0
       UNION ALL SELECT min(due) FROM postern_tasks WHERE lane = ? AND state = 0 AND gate > 1 AND gate = 2 AND due > ?
       UNION ALL SELECT min(due) FROM postern_tasks WHERE lane = ? AND state = 0 AND gate > 1 AND gate = 3)`,
  )

  return {
    due(lane, now, most) {
      for (const row of entering.all(lane, now) as unknown as EnteringRow[])
        enter.run(row.cut > 0 ? row.turn : turns.again(lane, row.tenant), row.id)
      const first = inOrder.all(lane, now, most) as unknown as ReadyRow[]
      if (first.length === most) return first
      return [...first, ...(inTurns.all(lane, now, most - first.length) as unknown as ReadyRow[])]
    },
    any: (lane, now) => any.get(lane, now, lane, lane, now, lane, now) !== undefined,
    suspect: (lane, now) => suspects.get(lane, now) as unknown as ReadyRow | undefined,
    past: (row) => (row.past === 0 ? NO_PAST : (past.get(row.id) as unknown as Past)),
    next(lane, now) {
      const { due } = next.get(lane, lane, now, lane) as { due: number | null }
      return due ?? undefined
    },
  }
}
