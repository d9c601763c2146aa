import { PENDING, type CauseRow, type StatsRow } from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import { COUNTS } from '../sql/lanes.ts'
import { OLDEST } from '../sql/tasks.ts'

/** Counts of tasks. Only failing tasks are counted row by row. */
export interface Stats {
  readonly stats: (now: number) => readonly StatsRow[]
  readonly causes: (lanes: readonly number[] | undefined) => readonly CauseRow[]
}

// As `topCauses`.
const CAUSES = `WITH g AS MATERIALIZED (
    SELECT cause, lane, sum(state = 3) AS dead, sum(state < 2) AS retrying, min(id) >> 16 AS oldest,
           max(id) >> 16 AS newest, max(id) AS sample
    FROM postern_tasks INDEXED BY postern_tasks_causes WHERE cause IS NOT NULL
      AND (?1 IS NULL OR lane IN (SELECT value FROM json_each(?1)))
    GROUP BY cause, lane),
  c AS MATERIALIZED (
    SELECT cause, sum(dead) AS dead, sum(retrying) AS retrying, min(oldest) AS oldest, max(newest) AS newest,
           max(sample) AS sample, count(*) AS lanes
    FROM g GROUP BY cause),
  o AS MATERIALIZED (
    SELECT *, row_number() OVER (ORDER BY dead DESC, retrying DESC, cause) AS place,
      row_number() OVER (ORDER BY dead > 0 DESC, newest DESC, cause) AS age,
      count(*) OVER () AS among, sum(dead > 0) OVER () AS among_dead
    FROM c),
  top AS MATERIALIZED (
    SELECT o.*, s.error,
      (SELECT received FROM postern_events WHERE id >= o.oldest ORDER BY id LIMIT 1) AS first,
      (SELECT received FROM postern_events WHERE id >= o.newest ORDER BY id LIMIT 1) AS last
    FROM o JOIN postern_tasks s ON s.id = o.sample WHERE place <= 50 OR age <= 50),
  l AS (
    SELECT g.*, row_number() OVER (PARTITION BY cause ORDER BY dead DESC, retrying DESC, lane) AS nth
    FROM g WHERE cause IN (SELECT cause FROM top))
  SELECT l.cause, l.lane, iif(nth = 1, top.error, NULL) AS error, l.dead, l.retrying, top.first, top.last,
    top.dead AS allDead, top.retrying AS allRetrying, top.lanes AS laneCount, top.among, top.among_dead AS amongDead
  FROM l JOIN top ON top.cause = l.cause WHERE nth <= 8 ORDER BY place, nth`

/** Prepares the statements. */
export function createStats(db: Database): Stats {
  const lanes = db.prepare(COUNTS)
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
