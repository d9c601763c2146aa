import { AGAIN, LATER, READY, SUSPECT } from '@postern/core/inbox'
import { CONTENTS, DELIVERY, EVENT, NOW, TASK } from './words.ts'

const pick = (which: string, order: string, most: string): string => `
    SELECT w.lane, w.room, n.id, n.turn, n.due FROM w CROSS JOIN LATERAL (
      SELECT t.id, t.turn, t.due FROM $.postern_tasks t
      WHERE t.lane = w.lane AND t.state = 0 AND NOT t.behind AND ${which}
      ORDER BY ${order} LIMIT ${most} FOR UPDATE SKIP LOCKED) n`
// PostgreSQL must read in the condition that the partial index fits.
const held = (gate: number, most: string): string =>
  pick(`t.gate > 0 AND t.gate = ${gate} AND t.due <= ${NOW}`, 't.due', most)
// Apart, so that tasks without a turn are a range of the index by the time they are due.
const ready = (turn: string): string =>
  pick(`t.gate = ${READY} AND t.turn ${turn}`, 't.turn, t.due', 'w.room')

// One damaged count must not end the statement that claims for all: `int` holds one more.
const MOST = 2 ** 31 - 2

const COLUMNS = `t.id::float8 AS id, t.lane, t.gate, t.attempt, t.round, t.cut, t.error IS NOT NULL AS failed, t.line::float8 AS line,
    t.fair, t.part, t.data, ${CONTENTS}`

/**
 * Claims for any number of lanes. Parameters: lanes, tasks that each may have, tasks that each can start at once, tasks in
 * all, 1 if a suspect may be among them, the token, and the lease. Without the outer LIMIT PostgreSQL expects too many rows.
 */
export const CLAIM: string = `WITH w AS MATERIALIZED (SELECT * FROM unnest($1::int[], $2::int[], $3::int[]) AS w(lane, room, now)),
  alone AS MATERIALIZED (${held(SUSPECT, 'LEAST(w.now, 1)')} WHERE w.now > 0 AND $5::int > 0 LIMIT $5::int),
  again AS MATERIALIZED (${held(AGAIN, 'w.now')} WHERE w.now > 0 LIMIT $4::int),
  first AS MATERIALIZED (${ready('= 0')} LIMIT $4::int),
  turned AS MATERIALIZED (${ready('> 0')} LIMIT $4::int),
  fresh AS MATERIALIZED (
    SELECT f.id FROM (
      SELECT r.*, row_number() OVER (PARTITION BY r.lane ORDER BY r.turn, r.due) AS place
      FROM (SELECT * FROM first UNION ALL SELECT * FROM turned) r) f WHERE f.place <= f.room
    LIMIT GREATEST($4::int - (SELECT count(*) FROM again) - (SELECT count(*) FROM alone), 0)),
  n AS MATERIALIZED (SELECT id FROM alone UNION ALL SELECT id FROM again UNION ALL SELECT id FROM fresh),
  t AS (
    UPDATE $.postern_tasks t SET state = 1, token = $6::bigint, lease = ${NOW} + $7::bigint, attempt = least(t.attempt, ${MOST}) + 1,
      runs = least(t.runs, ${MOST}) + 1
    FROM n WHERE t.id = n.id RETURNING t.*),
  v AS (
    UPDATE $.postern_lanes l SET turn = m.turn FROM (SELECT lane, max(turn) AS turn FROM t WHERE turn > 0 GROUP BY lane) m
    WHERE l.id = m.lane AND l.turn < m.turn)
  SELECT ${COLUMNS} FROM t LEFT JOIN $.postern_events e ON ${EVENT} ${DELIVERY} ORDER BY t.turn, t.due, t.id`

export const LOAD: string = `SELECT ${COLUMNS} FROM $.postern_tasks t LEFT JOIN $.postern_events e ON ${EVENT} ${DELIVERY}
  WHERE t.id = ANY($1::bigint[])`

/** Rows that an open commit locks are skipped, and read as they were: they count as renewed. */
export const RENEW: string = `WITH i AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS i(id, token)),
  l AS MATERIALIZED (
    SELECT t.id FROM $.postern_tasks t JOIN i ON i.id = t.id AND i.token = t.token WHERE t.lease IS NOT NULL
    ORDER BY t.id FOR UPDATE OF t SKIP LOCKED),
  u AS (UPDATE $.postern_tasks t SET lease = ${NOW} + $3::bigint FROM l WHERE t.id = l.id)
  SELECT t.id::float8 AS id FROM $.postern_tasks t JOIN i ON i.id = t.id AND i.token = t.token WHERE t.state = 1`

/** At a time that was judged before: a step of the clock meanwhile ends no lease. */
export const ENDED: string = `SELECT ${TASK} FROM $.postern_tasks t
  WHERE t.lease IS NOT NULL AND NOT EXISTS (SELECT 1 FROM unnest($2::bigint[]) AS h(id) WHERE h.id = t.id) AND (
    (t.lease <= $4::bigint AND (t.lane = ANY($1::int[]) OR t.lease <= $4::bigint - $3::bigint))
    OR (t.lane = ANY($1::int[]) AND t.state = 1 AND t.token >= $5::bigint * 4294967296 AND t.token < ($5::bigint + 1) * 4294967296))
  ORDER BY t.lease LIMIT 500 FOR UPDATE SKIP LOCKED`

export const WAITING: string = `SELECT t.lane, bool_or(t.gate = ${SUSPECT}) AS suspect FROM $.postern_tasks t
  WHERE t.lane = ANY($1::int[]) AND t.state = 0 AND t.gate > 0 AND NOT t.behind AND t.gate IN (${AGAIN}, ${SUSPECT}) AND t.due <= ${NOW}
  GROUP BY t.lane`

// One range of a partial index each.
const open = (columns: string): string => `
    SELECT ${columns} FROM $.postern_tasks t WHERE t.lane = ANY($1::int[]) AND t.state = 0 AND t.gate = 0 AND NOT t.behind
    UNION ALL SELECT ${columns} FROM $.postern_tasks t WHERE t.lane = ANY($1::int[]) AND t.state = 0 AND t.gate > 0 AND NOT t.behind`

export const REST: string = `SELECT
  (SELECT count(*) FROM (${open('t.due, t.gate')}) o WHERE o.gate = 0 OR o.due <= ${NOW})::int AS left,
  (LEAST(
    (SELECT min(n.due) FROM unnest($1::int[]) AS l(lane) CROSS JOIN unnest('{${LATER},${AGAIN},${SUSPECT}}'::int[]) AS g(gate)
      CROSS JOIN LATERAL (SELECT t.due FROM $.postern_tasks t WHERE t.lane = l.lane AND t.state = 0 AND t.gate > 0
        AND t.gate = g.gate AND NOT t.behind AND t.due > ${NOW} ORDER BY t.due LIMIT 1) n),
    (SELECT min(t.lease) FROM $.postern_tasks t WHERE t.lease IS NOT NULL AND t.state = 1 AND t.lane = ANY($1::int[]))
  ) - ${NOW})::float8 AS next`

export const PENDING: string = `WITH l AS MATERIALIZED (SELECT coalesce(array_agg(id), '{}') AS ids FROM $.postern_lanes WHERE receiver = $1)
  SELECT count(*)::int AS n FROM (
    SELECT 1 FROM $.postern_tasks t, l WHERE t.lane = ANY(l.ids) AND t.state = 0 AND t.gate = 0 AND NOT t.behind
    UNION ALL SELECT 1 FROM $.postern_tasks t, l WHERE t.lane = ANY(l.ids) AND t.state = 0 AND t.gate > 0 AND NOT t.behind
    UNION ALL SELECT 1 FROM $.postern_tasks t, l WHERE t.lane = ANY(l.ids) AND t.state = 1 AND t.lease IS NOT NULL
    UNION ALL SELECT 1 FROM $.postern_tasks t, l WHERE t.lane = ANY(l.ids) AND t.state = 0 AND t.behind
      AND t.line IS NOT NULL AND (t.state < 2 OR t.lease IS NOT NULL)
    LIMIT $2) o`
