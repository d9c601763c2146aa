import { LATER, TASKS } from '@postern/core/engine'

/** PostgreSQL's clock in milliseconds. Its value is constant within a statement, so that indexes can be used. */
export const NOW = '(extract(epoch FROM statement_timestamp()) * 1000)::bigint'

/** The columns of a `TaskRow`, read from `postern_tasks t`. */
export const TASK: string = `t.id::float8 AS id, t.lane, t.state, t.gate, t.behind, t.attempt, t.token::float8 AS token, t.round,
  t.cut, t.charged, t.line::float8 AS line, t.fair, t.due::float8 AS due, t.took, t.error, t.fold`

/**
 * The condition of two partial indexes: an open task of an ordered group (line), or a settled task of such a group
 * whose run has not ended.
 */
const OPEN = 't.line IS NOT NULL AND (t.state < 2 OR t.lease IS NOT NULL)'

export const EVENT: string = `e.id = t.id / ${TASKS}`

/** Columns for the contents of an event, from its own row or from its delivery. */
export const CONTENTS =
  'e.record, coalesce(e.head, d.head) AS head, coalesce(e.body, d.body) AS body'
export const DELIVERY = 'LEFT JOIN $.postern_deliveries d ON d.id = e.delivery'

/** Returns numbers as an array literal, since `pg` would take longer to encode an array. */
export function ints(values: readonly (number | null)[]): string {
  let out = '{'
  for (let at = 0; at < values.length; at++)
    out += (at === 0 ? '' : ',') + String(values[at] ?? 'NULL')
  return `${out}}`
}

export function texts(values: readonly (string | null | undefined)[]): string {
  let out = '{'
  for (let at = 0; at < values.length; at++) {
    const value = values[at]
    if (at > 0) out += ','
    if (value === null || value === undefined) out += 'NULL'
    else out += `"${/["\\]/.test(value) ? value.replaceAll(/["\\]/g, String.raw`\$&`) : value}"`
  }
  return `${out}}`
}

/** Returns a duration in microseconds, limited to the maximum of its column, about 35 minutes. */
export function micros(took: number): number {
  return Math.min(took, 2 ** 31 - 1)
}

// An advisory lock has two numbers as its key. This is the first number of each lock of this package.
const LOCK = 7201

/**
 * Locks ordered groups (lines) until the transaction ends. Returns the lines that another transaction has locked. If
 * the isolation level hides later commits, returns all lines. The engine then decides after this transaction which
 * tasks of these lines may run.
 */
const lockSql = (
  locked: string,
): string => `SELECT l.line::float8 AS line FROM unnest($1::bigint[]) AS l(line)
  WHERE CASE WHEN ${locked} THEN current_setting('transaction_isolation') <> 'read committed' ELSE true END`
const ARGUMENTS = `(${LOCK}, (l.line % 2147483648)::int)`
export const TRY_LOCK: string = lockSql(`pg_try_advisory_xact_lock${ARGUMENTS}`)
/**
 * Waits until other transactions release the locks. Used in a transaction of the app, which the inbox cannot repeat.
 */
export const WAIT_LOCK: string = lockSql(`pg_advisory_xact_lock${ARGUMENTS} IS NOT NULL`)

/** Keeps other processes from creating tables or lanes (numbers of subscriptions). */
export const LOCK_ALL: string = `SELECT count(*)::int AS n FROM (SELECT pg_advisory_xact_lock(${LOCK}, -1)) x`

// A line is an ordering key as a number, and a root is a subscription under all its names. For each root of each line,
// finds the tasks that may run and the first task that waits behind them. The roots of a line are found one by one, so
// that the line is not read whole.
export const HEADS: string = `WITH RECURSIVE g AS (
    SELECT l.line, (SELECT min(t.root) FROM $.postern_tasks t WHERE t.line = l.line AND ${OPEN}) AS root
    FROM unnest($1::bigint[]) AS l(line)
    UNION ALL
    SELECT g.line, (SELECT min(t.root) FROM $.postern_tasks t WHERE t.line = g.line AND t.root > g.root AND ${OPEN})
    FROM g WHERE g.root IS NOT NULL)
  SELECT ${TASK}, t.root, t.seq::float8 AS seq, t.state >= 2 AS held FROM g CROSS JOIN LATERAL (
    (SELECT t.* FROM $.postern_tasks t WHERE t.line = g.line AND t.root = g.root AND ${OPEN} AND NOT t.behind)
    UNION ALL
    (SELECT t.* FROM $.postern_tasks t WHERE t.line = g.line AND t.root = g.root AND ${OPEN} AND t.behind ORDER BY t.seq LIMIT 1)) t`

export const FOLDABLE: string = `SELECT ${TASK}, t.root, t.seq::float8 AS seq, false AS held, ${NOW}::float8 AS now, n.task::float8 AS newest, n.highest,
    CASE WHEN e.contents = 1 THEN e.key END AS passing
  FROM $.postern_tasks t LEFT JOIN $.postern_latest n ON n.root = t.root AND n.key = t.fold::json ->> 'k' LEFT JOIN $.postern_events e ON ${EVENT}
  WHERE t.line = ANY($1::bigint[]) AND ${OPEN} AND t.state = 0 AND t.fold IS NOT NULL ORDER BY t.seq`
/**
 * Finds the newest task of each task's `debounce` key. The stored root of a settled task may be old, so the current
 * root of its subscription is used. A root is a number that a subscription shares with its previous names.
 */
export const NEWEST: string = `SELECT o.id::float8 AS of, n.task::float8 AS newest, r.* FROM $.postern_tasks o
  JOIN $.postern_lanes l ON l.id = o.lane JOIN $.postern_latest n ON n.root = l.root AND n.key = o.fold::json ->> 'k'
  LEFT JOIN LATERAL (SELECT ${TASK} FROM $.postern_tasks t JOIN $.postern_events e ON ${EVENT} AND e.contents IS DISTINCT FROM 2
    WHERE t.id = n.task) r ON true
  WHERE o.id = ANY($1::bigint[])`
export const REMEMBER: string = `WITH c AS (
    INSERT INTO $.postern_latest AS n (root, key, task, highest, at)
    SELECT i.root, i.key, i.task, i.highest, ${NOW} FROM unnest($1::int[], $2::text[], $3::bigint[], $4::text[]) AS i(root, key, task, highest)
    ORDER BY 1, 2
    ON CONFLICT (root, key) DO UPDATE SET task = EXCLUDED.task, highest = EXCLUDED.highest, at = EXCLUDED.at RETURNING 1)
  SELECT count(*)::int AS n FROM c`

export const QUEUE: string = `WITH c AS (
    UPDATE $.postern_tasks t SET behind = i.behind FROM unnest($1::bigint[], $2::boolean[]) AS i(id, behind)
    WHERE t.id = i.id AND t.state = 0 RETURNING 1)
  SELECT count(*)::int AS n FROM c`

export const REROOT: string = `WITH c AS (
    UPDATE $.postern_tasks t SET root = l.root FROM $.postern_lanes l
    WHERE l.id = t.lane AND t.root <> l.root AND ${OPEN} RETURNING t.line)
  SELECT DISTINCT c.line::float8 AS line FROM c`

export const STUCK: string = `SELECT DISTINCT s.line::float8 AS line FROM (
    SELECT t.line FROM $.postern_tasks t WHERE ${OPEN} AND t.behind AND t.lane = ANY($1::int[]) AND NOT EXISTS (
      SELECT 1 FROM $.postern_tasks o WHERE o.line = t.line AND o.root = t.root AND o.line IS NOT NULL
        AND (o.state < 2 OR o.lease IS NOT NULL) AND NOT o.behind)
    UNION ALL
    SELECT t.line FROM $.postern_tasks t WHERE ${OPEN} AND NOT t.behind GROUP BY t.line, t.root
    HAVING count(*) > 1 AND bool_or(t.state = 0)) s LIMIT 500`

export const TURNS: string = `WITH t AS (
    INSERT INTO $.postern_tenants AS t (lane, key, turn)
    SELECT i.lane, i.key, l.turn + i.step FROM unnest($1::int[], $2::text[], $3::int[]) AS i(lane, key, step)
    JOIN $.postern_lanes l ON l.id = i.lane ORDER BY i.lane, i.key
    ON CONFLICT (lane, key) DO UPDATE SET turn = GREATEST(EXCLUDED.turn,
      t.turn + EXCLUDED.turn - (SELECT l.turn FROM $.postern_lanes l WHERE l.id = t.lane))
    RETURNING t.lane, t.key, t.turn)
  SELECT t.lane, t.key AS fair, t.turn, t.turn - l.turn AS tasks FROM t JOIN $.postern_lanes l ON l.id = t.lane`

export const BACKLOG: string = `SELECT t.lane, t.key AS fair, t.turn, GREATEST(t.turn - l.turn, 0) AS tasks
  FROM unnest($1::int[], $2::text[]) AS i(lane, key)
  JOIN $.postern_tenants t ON t.lane = i.lane AND t.key = i.key JOIN $.postern_lanes l ON l.id = t.lane`

export const LATER_DUE: string = `SELECT ${TASK} FROM $.postern_tasks t
  WHERE t.lane = ANY($1::int[]) AND t.state = 0 AND t.gate > 0 AND t.gate = ${LATER} AND NOT t.behind AND t.due <= ${NOW}
  ORDER BY t.due LIMIT $2::int FOR UPDATE SKIP LOCKED`

export const ENTER: string = `WITH c AS (
    UPDATE $.postern_tasks t SET gate = 0, turn = CASE WHEN i.turn = 0 THEN t.turn ELSE i.turn END
    FROM unnest($1::bigint[], $2::int[]) AS i(id, turn) WHERE t.id = i.id AND t.state = 0 RETURNING 1)
  SELECT count(*)::int AS n FROM c`

export const LANES =
  'SELECT id AS lane, receiver, name, root FROM $.postern_lanes WHERE receiver = $1'
export const EVERY_LANE = 'SELECT id AS lane, receiver, name FROM $.postern_lanes'
export const ADD_LANES: string = `WITH c AS (
    INSERT INTO $.postern_lanes (id, root, receiver, name)
    SELECT i.id, i.id, $1, i.name FROM (
      SELECT nextval('$.postern_lane_ids')::int AS id, n.name FROM unnest($2::text[]) AS n(name)) i
    ON CONFLICT DO NOTHING RETURNING 1)
  SELECT count(*)::int AS n FROM c`
export const JOIN_LANES: string = `WITH c AS (
    UPDATE $.postern_lanes SET root = $2::int WHERE receiver = $1 AND root = ANY($3::int[]) RETURNING 1)
  SELECT count(*)::int AS n FROM c`
