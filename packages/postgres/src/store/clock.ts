import { createServerClock } from '@postern/core/engine'
import { NOW } from '../sql/lines.ts'
import { readRow, type Sql } from './pg.ts'

/** Makes the clock of PostgreSQL; `lease` in milliseconds. Steps back are put right by `COUNT_AGAIN`. */
export function createClock(sql: Sql, lease: number): ReturnType<typeof createServerClock> {
  return createServerClock(
    {
      read: () => readRow(sql<{ now: number; clock: number }>(CLOCK)),
      store: (now) => sql(SET_CLOCK, [now]),
      ahead: (unseen, longer) => sql(AHEAD, [unseen, longer, lease]),
      back: () => sql(BACK),
      steps: () => sql<{ at: number; unseen: number }>(STEPS_AHEAD),
    },
    lease,
  )
}

/** The lease of the process that has a claim. */
const leaseOf = (own: string): string =>
  `coalesce((SELECT p.lease FROM $.postern_processes p WHERE p.id = (t.token / 4294967296)::int), ${own}::bigint)`

const CLOCK: string = `SELECT ${NOW}::float8 AS now, clock::float8 AS clock FROM $.postern_schema`

const SET_CLOCK: string = `WITH s AS (UPDATE $.postern_schema SET clock = $1::bigint WHERE clock < $1::bigint RETURNING 1)
  SELECT count(*)::int AS n FROM s`

const AHEAD: string = `WITH c AS MATERIALIZED (SELECT clock FROM $.postern_schema FOR UPDATE),
  a AS MATERIALIZED (SELECT clock, CASE WHEN clock = 0 THEN $1::bigint ELSE LEAST($1::bigint, ${NOW} - clock) END AS unseen,
    LEAST($2::bigint, ${NOW} - clock) AS longer FROM c),
  s AS (INSERT INTO $.postern_steps (at, unseen) SELECT ${NOW}, unseen FROM a WHERE clock > 0 AND unseen >= 1000),
  h AS MATERIALIZED (
    SELECT t.id, LEAST(t.lease + a.longer, ${NOW} + ${leaseOf('$3')}) AS lease FROM $.postern_tasks t, a
    WHERE a.longer > 0 AND t.lease > a.clock ORDER BY t.id FOR UPDATE OF t SKIP LOCKED),
  l AS (UPDATE $.postern_tasks t SET lease = h.lease FROM h WHERE t.id = h.id),
  u AS (UPDATE $.postern_schema SET clock = ${NOW} FROM a WHERE postern_schema.clock < ${NOW} RETURNING 1)
  SELECT count(*)::int AS n FROM u`

const BACK: string = `WITH c AS MATERIALIZED (SELECT clock - ${NOW} AS back FROM $.postern_schema WHERE clock > ${NOW} FOR UPDATE),
  s AS (UPDATE $.postern_steps SET at = ${NOW}, unseen = GREATEST(0, unseen - c.back) FROM c WHERE at > ${NOW}),
  u AS (UPDATE $.postern_schema SET clock = ${NOW} FROM c RETURNING 1)
  SELECT count(*)::int AS n FROM u`

const STEPS_AHEAD = 'SELECT at::float8 AS at, unseen::float8 AS unseen FROM $.postern_steps'

/**
 * Leases and waits that are longer than they may be, since the clock went back, count from now. So do places of tasks that
 * need no time: others would go first for as long.
 */
export const COUNT_AGAIN: string = `WITH w AS MATERIALIZED (
    SELECT t.id FROM $.postern_tasks t WHERE t.state = 0 AND t.since > ${NOW} ORDER BY t.since LIMIT 1000 FOR UPDATE SKIP LOCKED),
  uw AS (UPDATE $.postern_tasks t SET due = ${NOW} + t.due - t.since, since = ${NOW} FROM w WHERE t.id = w.id RETURNING 1),
  l AS MATERIALIZED (
    SELECT t.id, ${leaseOf('$2')} AS lease FROM $.postern_tasks t
    WHERE t.lease > ${NOW} + (SELECT min(lease) FROM $.postern_processes) AND t.lease > ${NOW} + ${leaseOf('$2')}
    ORDER BY t.id LIMIT 1000 FOR UPDATE OF t SKIP LOCKED),
  ul AS (UPDATE $.postern_tasks t SET lease = ${NOW} + l.lease FROM l WHERE t.id = l.id RETURNING 1),
  r AS MATERIALIZED (
    SELECT n.id FROM unnest($1::int[]) AS i(lane) CROSS JOIN LATERAL (
      SELECT t.id FROM $.postern_tasks t WHERE t.lane = i.lane AND t.state = 0 AND t.gate = 0 AND NOT t.behind AND t.turn = 0
        AND t.due > ${NOW} LIMIT 1000 FOR UPDATE SKIP LOCKED) n),
  ur AS (UPDATE $.postern_tasks t SET due = ${NOW} FROM r WHERE t.id = r.id RETURNING 1)
  SELECT ((SELECT count(*) FROM uw) + (SELECT count(*) FROM ul) + (SELECT count(*) FROM ur))::int AS n`
