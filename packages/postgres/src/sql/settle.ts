import { DEAD, FENCES, TASKS, type Fence } from '@postern/core/inbox'
import { EVENT, NOW, TASK } from './words.ts'

/** Plain ends: no error, interruption or line to clear. */
export const FINISH: string = `WITH t AS (
    UPDATE $.postern_tasks t SET state = 2, due = ${NOW}, lease = NULL, took = i.took
    FROM unnest($1::bigint[], $2::bigint[], $3::int[]) AS i(id, token, took)
    WHERE t.id = i.id AND t.token = i.token AND t.state = 1 RETURNING t.id)
  SELECT t.id::float8 AS id FROM t`

/** The condition of a fence on a task and the patch of it. */
function condition(fence: Fence): string {
  const { states, event, token, over, failed } = FENCES[fence]
  return [
    `t.state IN (${states.join()})`,
    ...(event
      ? [`EXISTS (SELECT 1 FROM $.postern_events e WHERE ${EVENT} AND e.hash = i.hash)`]
      : []),
    ...(token ? ['t.token = i.token'] : []),
    ...(over ? [`t.lease <= ${NOW}`] : []),
    ...(failed
      ? [`(t.state = ${DEAD} OR (t.error IS NOT NULL AND t.gate > 0 AND t.due > ${NOW}))`]
      : []),
  ].join(' AND ')
}

const INPUT = `i AS MATERIALIZED (SELECT * FROM json_to_recordset($1::text::json) AS i(id bigint, token bigint, round int, hash uuid,
    state smallint, wait bigint, open boolean, gate smallint, behind boolean, attempt int, cut smallint, charged smallint,
    took int, untimed boolean, error text, clear boolean, cause text, anew boolean, attempted json))`
// Locked in one order, and rows of an open commit are skipped where nobody may wait for them.
// Events are locked against erasing where a task of them is to run again.
function locked(fence: Fence): string {
  const { over, whole } = FENCES[fence]
  return `l AS MATERIALIZED (
    SELECT t.id FROM $.postern_tasks t JOIN i ON i.id = t.id AND i.round = t.round
    ${whole ? `JOIN $.postern_events e ON ${EVENT} AND e.contents IS DISTINCT FROM 2` : ''}
    WHERE ${condition(fence)} ORDER BY t.id
    FOR UPDATE OF t${over ? ' SKIP LOCKED' : ''}${whole ? ' FOR SHARE OF e' : ''})`
}

/** Changes tasks whose fence holds, and writes rows of their history: the first and the last nineteen runs of a task stay. */
export function patchSql(fence: Fence): string {
  return `WITH ${INPUT}, ${locked(fence)},
  c AS (
    UPDATE $.postern_tasks t SET state = i.state, gate = coalesce(i.gate, t.gate), behind = coalesce(i.behind, t.behind),
      due = CASE WHEN i.wait IS NULL THEN t.due ELSE ${NOW} + i.wait END,
      since = CASE WHEN i.wait IS NULL THEN t.since WHEN i.state = 0 AND i.wait > 0 THEN ${NOW} END,
      lease = CASE WHEN i.state >= 2 AND t.token <> i.token THEN t.lease END,
      token = CASE WHEN i.state < 2 AND i.open IS NULL THEN 0 WHEN t.lease IS NOT NULL AND t.token <> i.token THEN t.token ELSE i.token END,
      round = t.round + (i.anew IS NOT NULL)::int, runs = t.runs - ${fence === 'held' ? 1 : 0},
      attempt = coalesce(i.attempt, t.attempt), cut = coalesce(i.cut, t.cut), charged = coalesce(i.charged, t.charged),
      took = CASE WHEN i.untimed THEN NULL ELSE coalesce(i.took, t.took) END,
      error = CASE WHEN i.clear THEN NULL ELSE coalesce(i.error, t.error) END,
      cause = CASE WHEN i.clear THEN NULL ELSE coalesce(i.cause, t.cause) END
    FROM i JOIN l ON l.id = i.id WHERE t.id = i.id AND t.round = i.round AND ${condition(fence)}
    RETURNING t.id, t.runs, i.token, i.attempted),
  a AS (
    INSERT INTO $.postern_attempts AS a (task, seq, attempt, ended, took, outcome, process, error)
    SELECT c.id, c.runs, (c.attempted->>'attempt')::int, coalesce((c.attempted->>'ended')::bigint, ${NOW}),
      (c.attempted->>'took')::int, c.attempted->>'outcome', (c.token / 4294967296)::int, c.attempted->>'error'
    FROM c WHERE c.attempted IS NOT NULL
    ON CONFLICT (task, seq) DO UPDATE SET attempt = EXCLUDED.attempt, ended = EXCLUDED.ended, took = EXCLUDED.took,
      outcome = EXCLUDED.outcome, process = EXCLUDED.process, error = EXCLUDED.error),
  o AS (DELETE FROM $.postern_attempts a USING c WHERE a.task = c.id AND a.seq > 1 AND a.seq <= c.runs - 19)
  SELECT c.id::float8 AS id FROM c`
}

/** Forgets tasks whose fence holds. */
export function dropSql(fence: Fence): string {
  return `WITH ${INPUT}, ${locked(fence)},
  c AS (DELETE FROM $.postern_tasks t USING l, i WHERE t.id = l.id AND i.id = l.id AND t.round = i.round AND ${condition(fence)} RETURNING t.id),
  o AS (DELETE FROM $.postern_attempts a USING c WHERE a.task = c.id)
  SELECT c.id::float8 AS id FROM c`
}

/** Locks the event, so that two ends of its tasks give their children different numbers. */
export const PARENT =
  'SELECT id::float8 AS id FROM $.postern_events WHERE id = $1::bigint FOR NO KEY UPDATE'

export const SPAWN: string = `WITH p AS (SELECT $1::bigint * ${TASKS} AS first, ($1::bigint + 1) * ${TASKS} AS last),
  m AS (SELECT coalesce(max(t.id), min(p.first) - 1) AS id FROM p LEFT JOIN $.postern_tasks t ON t.id >= p.first AND t.id < p.last),
  c AS (
    INSERT INTO $.postern_tasks (id, lane, state, due, part, data, line, seq, root, fair, turn, behind)
    SELECT m.id + i.at, i.lane, 0, ${NOW}, i.part, i.data, i.line, CASE WHEN i.line IS NOT NULL THEN nextval('$.postern_seq') END,
      CASE WHEN i.line IS NOT NULL THEN (SELECT l.root FROM $.postern_lanes l WHERE l.id = i.lane) END, i.fair, i.turn, i.line IS NOT NULL
    FROM m, p, unnest($2::int[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::int[]) WITH ORDINALITY
      AS i(lane, part, data, line, fair, turn, at)
    WHERE NOT EXISTS (SELECT 1 FROM $.postern_tasks o WHERE o.id >= p.first AND o.id < p.last AND o.lane = i.lane AND o.part = i.part)
    RETURNING 1)
  SELECT count(*)::int AS n FROM c`

/** Ends the hold of tasks that another has settled, and says how the tasks are now. */
export const LOST: string = `WITH i AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS i(id, token)),
  h AS (
    UPDATE $.postern_tasks t SET lease = NULL FROM i
    WHERE t.id = i.id AND t.token = i.token AND t.state >= 2 AND t.lease IS NOT NULL RETURNING t.id)
  SELECT ${TASK}, h.id IS NOT NULL AS held FROM $.postern_tasks t JOIN i ON i.id = t.id LEFT JOIN h ON h.id = t.id`
