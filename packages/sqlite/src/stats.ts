import type { Cause, Consumer, LaneStats, TaskError } from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'
import { clocks } from './clocks.ts'

/** Counts of tasks. Only failing tasks are counted row by row. */
export interface Stats {
  readonly stats: () => readonly LaneStats[]
  readonly causes: (filter: {
    readonly receiver?: string
    readonly subscription?: string
  }) => readonly Cause[]
}

// The most causes in one answer.
const MOST = 100

/** Prepares the statements. */
export function createStats(db: Database, consumers: () => readonly Consumer[]): Stats {
  const lanes = db.prepare(
    'SELECT l.*, r.name AS receiver FROM postern_lanes l JOIN postern_receivers r ON r.id = l.receiver ORDER BY l.id',
  )
  const of = 'FROM postern_tasks WHERE lane = ? AND state = 0 AND'
  const oldest = db.prepare(
    `SELECT min(due) AS due FROM (
       SELECT min(due) AS due ${of} gate = 0 AND turn = 0 UNION ALL
       SELECT * FROM (SELECT due ${of} gate = 0 AND turn > 0 ORDER BY turn LIMIT 1) UNION ALL
       SELECT min(due) ${of} gate > 1 AND gate = 2 UNION ALL
       SELECT min(due) ${of} gate > 1 AND gate = 3)`,
  )
  const causes = db.prepare(
    `SELECT g.*, l.name AS subscription, r.name AS receiver, s.error,
            (SELECT received FROM postern_events WHERE id >= g.oldest ORDER BY id LIMIT 1) AS first,
            (SELECT received FROM postern_events WHERE id >= g.newest ORDER BY id LIMIT 1) AS last
     FROM (SELECT cause, lane, sum(state = 3) AS dead, sum(state < 2) AS retrying, min(event) AS oldest,
                  max(event) AS newest, max(rowid) AS sample
           FROM postern_tasks INDEXED BY postern_tasks_causes WHERE cause IS NOT NULL GROUP BY cause, lane) g
     JOIN postern_lanes l ON l.id = g.lane JOIN postern_receivers r ON r.id = l.receiver
     JOIN postern_tasks s ON s.id = g.sample
     WHERE coalesce(r.name = ?, 1) AND coalesce(l.name = ?, 1)
     ORDER BY g.dead + g.retrying DESC LIMIT ${MOST}`,
  )

  return {
    stats() {
      const nowOf = clocks(consumers())
      return (lanes.all() as unknown as LaneRow[]).map((row) => {
        const { receiver, name, pending, running, done, dead } = row
        const counts = { pending, running, done, dead }
        const oldest = oldestOf(row, nowOf(receiver))
        return { receiver, subscription: name, counts, oldest }
      })
    },
    causes({ receiver = null, subscription = null }) {
      const rows = causes.all(receiver, subscription) as unknown as CauseRow[]
      return rows.map(({ cause, error, receiver: of, subscription: to, ...row }) => ({
        cause,
        sample: JSON.parse(error) as TaskError,
        receiver: of,
        subscription: to,
        dead: row.dead,
        retrying: row.retrying,
        first: row.first,
        last: row.last,
      }))
    },
  }

  function oldestOf({ id, pending }: LaneRow, now: number): number | undefined {
    if (pending === 0) return undefined
    const { due } = oldest.get(id, id, id, id) as { due: number | null }
    return due !== null && due <= now ? due : undefined
  }
}

interface LaneRow {
  readonly id: number
  readonly receiver: string
  readonly name: string
  readonly pending: number
  readonly running: number
  readonly done: number
  readonly dead: number
}

interface CauseRow {
  readonly cause: string
  readonly error: string
  readonly receiver: string
  readonly subscription: string
  readonly dead: number
  readonly retrying: number
  readonly first: number
  readonly last: number
}
