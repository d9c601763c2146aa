import type { CauseRow, StatsRow } from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import { OLDEST } from '../sql/tasks.ts'

/** Counts of tasks. Only failing tasks are counted row by row. */
export interface Stats {
  readonly stats: (now: number) => readonly StatsRow[]
  readonly causes: (lanes: readonly number[] | undefined) => readonly CauseRow[]
}

// The most causes in one answer.
const MOST = 100
const PENDING = 0

const CAUSES = `WITH g AS MATERIALIZED (
    SELECT cause, lane, sum(state = 3) AS dead, sum(state < 2) AS retrying, min(id) >> 16 AS oldest,
           max(id) >> 16 AS newest, max(id) AS sample
    FROM postern_tasks INDEXED BY postern_tasks_causes WHERE cause IS NOT NULL
      AND (?1 IS NULL OR lane IN (SELECT value FROM json_each(?1)))
    GROUP BY cause, lane),
  top AS MATERIALIZED (
    SELECT *, sum(dead + retrying) OVER (PARTITION BY cause) AS size FROM g
    ORDER BY size DESC, cause, dead + retrying DESC LIMIT ${MOST})
  SELECT top.cause, top.lane, s.error, top.dead, top.retrying,
    (SELECT received FROM postern_events WHERE id >= top.oldest ORDER BY id LIMIT 1) AS first,
    (SELECT received FROM postern_events WHERE id >= top.newest ORDER BY id LIMIT 1) AS last,
    (SELECT count(DISTINCT cause) FROM g) AS among
  FROM top JOIN postern_tasks s ON s.id = top.sample
  ORDER BY top.size DESC, top.cause, top.dead + top.retrying DESC`

/** Prepares the statements. */
export function createStats(db: Database): Stats {
  const lanes = db.prepare('SELECT id, pending, running, done, dead FROM postern_lanes')
  const oldest = db.prepare(OLDEST)
  const causes = db.prepare(CAUSES)

  return {
    stats: (now) =>
      (lanes.all() as LaneCounts[]).flatMap(({ id: lane, pending, running, done, dead }) =>
        [pending, running, done, dead].map((count, state) => ({
          lane,
          state,
          count,
          oldest: state === PENDING && count > 0 ? oldestOf(lane, now) : null,
        })),
      ),
    causes(among) {
      const list = among === undefined ? null : JSON.stringify(among)
      return causes.all(list) as readonly CauseRow[]
    },
  }

  function oldestOf(lane: number, now: number): number | null {
    const { due } = oldest.get(lane, lane, lane, lane, lane) as { due: number | null }
    return due !== null && due <= now ? now - due : null
  }
}

interface LaneCounts {
  readonly id: number
  readonly pending: number
  readonly running: number
  readonly done: number
  readonly dead: number
}
