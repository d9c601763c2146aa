import { TASKS } from '@postern/core/engine'
import { CONTENTS, DELIVERY, EVENT, NOW } from './lines.ts'

const OWN = `t.id >= e.id * ${TASKS} AND t.id < (e.id + 1) * ${TASKS}`

export const STATS: string = `SELECT t.lane, t.state, count(*)::int AS count,
    (${NOW} - min(t.due) FILTER (WHERE t.state = 0 AND NOT t.behind AND t.due <= ${NOW}))::float8 AS oldest
  FROM $.postern_tasks t GROUP BY t.lane, t.state`

/** Groups failed tasks by cause, as `topCauses` does. */
export const CAUSES: string = `WITH g AS MATERIALIZED (SELECT t.cause, t.lane, min(t.error) AS error, count(*) FILTER (WHERE t.state = 3)::int AS dead,
    count(*) FILTER (WHERE t.state < 2)::int AS retrying, min(e.received)::float8 AS first, max(e.received)::float8 AS last
  FROM $.postern_tasks t JOIN $.postern_events e ON ${EVENT}
  WHERE t.cause IS NOT NULL AND ($1::int[] IS NULL OR t.lane = ANY($1::int[]))
  GROUP BY t.cause, t.lane),
  c AS (SELECT cause, min(error) AS error, sum(dead)::int AS dead, sum(retrying)::int AS retrying, min(first) AS first, max(last) AS last,
    count(*)::int AS lanes FROM g GROUP BY cause),
  top AS MATERIALIZED (SELECT *, row_number() OVER (ORDER BY dead DESC, retrying DESC, cause) AS place,
    row_number() OVER (ORDER BY dead > 0 DESC, last DESC, cause) AS age,
    (count(*) OVER ())::int AS among, (count(*) FILTER (WHERE dead > 0) OVER ())::int AS among_dead FROM c),
  l AS (SELECT g.cause, g.lane, g.dead, g.retrying, row_number() OVER (PARTITION BY g.cause ORDER BY g.dead DESC, g.retrying DESC, g.lane) AS nth
    FROM g JOIN top ON top.cause = g.cause WHERE top.place <= 50 OR top.age <= 50)
  SELECT l.cause, l.lane, CASE WHEN l.nth = 1 THEN top.error END AS error, l.dead, l.retrying, top.first, top.last, top.dead AS "allDead",
    top.retrying AS "allRetrying", top.lanes AS "subscriptionCount", top.among, top.among_dead AS "amongDead"
  FROM l JOIN top ON top.cause = l.cause WHERE l.nth <= 8 ORDER BY top.place, l.nth`

/** Reads the attempts of a task. The attempt that settled the task is in the row of the task. */
export const OF_TASK: string = `SELECT a.attempt, a.ended::float8 AS ended, a.took, a.outcome, a.error, coalesce(p.name, '') AS process FROM (
    SELECT a.seq, a.attempt, a.ended, a.took, a.outcome, a.error, a.process FROM $.postern_attempts a
    WHERE a.task = $1::bigint AND NOT EXISTS (
      SELECT 1 FROM $.postern_tasks t WHERE t.id = $1::bigint AND t.state >= 2 AND t.took IS NOT NULL AND t.runs = a.seq)
    UNION ALL
    SELECT t.runs, t.attempt, t.due, t.took, CASE t.state WHEN 2 THEN 'done' ELSE 'dead' END, t.error, (t.token / 4294967296)::int
    FROM $.postern_tasks t WHERE t.id = $1::bigint AND t.state >= 2 AND t.took IS NOT NULL) a
  LEFT JOIN $.postern_processes p ON p.id = a.process ORDER BY a.seq`

const MARKED = 'CASE WHEN $2::boolean THEN e.contents = 1 ELSE e.contents IS DISTINCT FROM 2 END'

export const LOCK_EVENTS: string = `SELECT e.id::float8 AS id FROM $.postern_events e WHERE e.id = ANY($1::bigint[]) AND ${MARKED}
  ORDER BY e.id FOR UPDATE SKIP LOCKED`

export const RESTING: string = `SELECT e.id::float8 AS id FROM $.postern_events e WHERE e.id = ANY($1::bigint[]) AND ${MARKED}
  AND NOT EXISTS (SELECT 1 FROM $.postern_tasks t WHERE ${OWN} AND (t.state < 2 OR ($2::boolean AND t.state = 3)))
  ORDER BY e.id`

export const CONTENTS_OF: string = `SELECT e.id::float8 AS event, ${CONTENTS} FROM $.postern_events e ${DELIVERY}
  WHERE e.id = ANY($1::bigint[]) ORDER BY e.id`

export const EMPTY: string = `WITH i AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[]) AS i(id, record, head)),
  o AS MATERIALIZED (SELECT e.id, e.delivery FROM $.postern_events e JOIN i ON i.id = e.id),
  u AS (
    UPDATE $.postern_events e SET contents = 2, record = i.record, head = i.head, body = '', delivery = NULL
    FROM i WHERE e.id = i.id RETURNING e.id),
  d AS (
    DELETE FROM $.postern_deliveries d USING o WHERE d.id = o.delivery AND NOT EXISTS (
      SELECT 1 FROM $.postern_events e WHERE e.delivery = d.id AND e.id NOT IN (SELECT id FROM i)))
  SELECT count(*)::int AS n FROM u`

/**
 * Drops old rows (see `Viewed.prune`). Steps are small, so that no worker waits long for a step. Tasks are read as
 * arrays. With a join on a range per event, PostgreSQL would expect a ninth of all tasks, and read both tables whole.
 */
export const PRUNE: string = `WITH e AS MATERIALIZED (
    SELECT e.id, e.received, e.hash, e.delivery FROM $.postern_events e
    WHERE (e.received, e.id) > ($1::bigint, $2::bigint) AND e.received < GREATEST($3::float8, $4::float8, $5::float8)
    ORDER BY e.received, e.id LIMIT 500),
  k AS MATERIALIZED (
    SELECT o.task >> 1 AS id, e.id AS event, o.task & 1 = 1 AS over FROM e CROSS JOIN LATERAL unnest(ARRAY(
      SELECT t.id << 1 | ((t.state = 2 AND t.due < $3::float8) OR (t.state = 3 AND t.due < $4::float8))::int::bigint
      FROM $.postern_tasks t WHERE ${OWN})) AS o(task)),
  g AS MATERIALIZED (
    SELECT o.id, o.hash, o.delivery FROM $.postern_events o JOIN e ON e.id = o.id
    WHERE e.received < $5::float8 AND NOT EXISTS (SELECT 1 FROM k WHERE k.event = e.id AND NOT k.over)
    ORDER BY o.id FOR UPDATE OF o SKIP LOCKED),
  l AS MATERIALIZED (
    SELECT t.id FROM $.postern_tasks t JOIN k ON k.id = t.id AND k.over WHERE t.state >= 2 AND t.lease IS NULL
    ORDER BY t.id FOR UPDATE OF t SKIP LOCKED),
  dt AS (DELETE FROM $.postern_tasks t USING l WHERE t.id = l.id RETURNING t.id),
  da AS (DELETE FROM $.postern_attempts a USING l WHERE a.task = l.id),
  de AS (
    DELETE FROM $.postern_events e USING g WHERE e.id = g.id AND NOT EXISTS (
      SELECT 1 FROM k WHERE k.event = g.id AND k.id NOT IN (SELECT id FROM l)) RETURNING e.hash, e.id, e.delivery),
  dg AS (DELETE FROM $.postern_guards u USING de WHERE u.event = de.hash AND u.taken < $6::float8),
  ds AS (DELETE FROM $.postern_steps WHERE at < LEAST($3::float8, $4::float8, $5::float8, $6::float8)),
  dd AS (
    DELETE FROM $.postern_deliveries d USING de WHERE d.id = de.delivery AND NOT EXISTS (
      SELECT 1 FROM $.postern_events o WHERE o.delivery = d.id AND o.id NOT IN (SELECT id FROM de)))
  SELECT n.received::float8 AS received, n.id::float8 AS id FROM (SELECT count(*) AS count FROM e) c
  LEFT JOIN LATERAL (SELECT e.received, e.id FROM e ORDER BY e.received DESC, e.id DESC LIMIT 1) n ON c.count = 500`

export const DROP_EVENTS: string = `WITH d AS (
    DELETE FROM $.postern_events e WHERE e.id = ANY($1::bigint[]) AND NOT EXISTS (SELECT 1 FROM $.postern_tasks t WHERE ${OWN})
    RETURNING 1)
  SELECT count(*)::int AS n FROM d`
