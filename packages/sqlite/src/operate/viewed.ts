import {
  PENDING,
  type CauseRow,
  type StatsRow,
  type Store,
  type Viewed,
} from '@postern/core/engine'
import type { Driver, Database } from '../driver/driver.ts'
import type { Keys } from '../keys/keys.ts'
import { COUNTS, OLDEST } from '../sql/tasks.ts'
import { createAttemptsOf } from '../store/patch.ts'
import type { Connection } from '../store/rows.ts'
import type { Writer } from '../store/writer.ts'
import { createLists, runOn } from './lists.ts'
import { createErase, createPrune } from './prune.ts'

interface ViewedHost {
  readonly driver: Driver
  readonly keys: Keys
  readonly connection: Connection
  readonly writer: Writer
  readonly now: () => number
  /** Runs a read. Throws if the file was deleted or replaced. */
  readonly reading: <T>(query: () => T) => T
}

/** Creates the reads of the operators' view. They are short and do not block writes. */
export function createViewed(host: ViewedHost): Viewed & Required<Pick<Store, 'drop'>> {
  const { driver, keys, connection, writer, now, reading } = host
  const { claims } = connection
  const { main, side } = driver
  const lists = createLists(side, keys)
  const run = runOn(side)
  const counts = createStats(side)
  const attemptsOf = createAttemptsOf(side)
  const erase = createErase(main)
  const prune = createPrune(main, { ...connection, keys })

  return {
    scan: (want) => reading(() => (spread(), lists.scan(run, want))),
    placeOf: lists.placeOf,
    detail: (id) => reading(() => (spread(), lists.detail(run, id))),
    stats: () => reading(() => counts.stats(now())),
    causes: (lanes) => reading(() => counts.causes(lanes)),
    version: () => reading(() => side.version()),
    attempts: (task) => reading(() => attemptsOf(task)),
    erase: (events, passing, empty, noted) =>
      writer.write(() => {
        claims.spread()
        const count = erase(events, passing, empty)
        void connection.rows.note(noted(count))
        return count
      }),
    prune: (before, place) => writer.write(() => prune.step(before, place)),
    drop: (events) => writer.write(() => events.forEach((event) => prune.drop(event))),
  }

  /** Adds the missing rows of tasks that were claimed when stored, unless another process has locked the file. */
  function spread(): void {
    if (claims.any()) writer.attempt(() => claims.spread())
  }
}

// Groups failed tasks by cause, as `topCauses` does.
const CAUSES = `WITH g AS MATERIALIZED (
    SELECT cause, lane, sum(state = 3) AS dead, sum(state < 2) AS retrying, min(id) >> 16 AS oldest,
           max(id) >> 16 AS newest, max(id) AS sample
    FROM postern_tasks INDEXED BY postern_tasks_causes WHERE cause IS NOT NULL
      AND (? IS NULL OR lane IN (SELECT value FROM json_each(?)))
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
    top.dead AS allDead, top.retrying AS allRetrying, top.lanes AS subscriptionCount, top.among, top.among_dead AS amongDead
  FROM l JOIN top ON top.cause = l.cause WHERE nth <= 8 ORDER BY place, nth`

/** Creates the statistics. Only failing tasks are counted row by row; other counts are stored. */
function createStats(db: Database) {
  const lanes = db.prepare(COUNTS)
  const oldest = db.prepare(OLDEST)
  const causes = db.prepare(CAUSES)

  return {
    stats: (now: number): readonly StatsRow[] =>
      (lanes.all() as Record<'id' | 'pending' | 'running' | 'done' | 'dead', number>[]).flatMap(
        ({ id: lane, pending, running, done, dead }) =>
          [pending, running, done, dead].map((count, state) => ({
            lane,
            state,
            count,
            oldest: state === PENDING && count > 0 ? oldestOf(lane, now) : null,
          })),
      ),
    causes(among: readonly number[] | undefined): readonly CauseRow[] {
      const wanted = among === undefined ? null : JSON.stringify(among)
      return causes.all(wanted, wanted) as readonly CauseRow[]
    },
  }

  function oldestOf(lane: number, now: number): number | null {
    const { due } = oldest.get(lane, lane, lane, lane, lane) as { due: number | null }
    return due !== null && due <= now ? now - due : null
  }
}
