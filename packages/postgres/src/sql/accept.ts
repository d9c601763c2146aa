import { TASKS } from '@postern/core/inbox'
import { NOW, TASK } from './words.ts'

/** What an insert is made for: a statement without what its batch lacks costs a third less. */
interface InsertKind {
  /** Some task has a part, data, a line or a tenant. */
  readonly bound: boolean
  /** Some delivery has several events. */
  readonly shared: boolean
  /** Others must hear of it. */
  readonly notify: boolean
}

/** A statement whose parameters have names: `values` are looked up in the order of their numbers. */
export interface Named {
  readonly text: string
  readonly names: readonly string[]
}

/**
 * Stores events that are new, their deliveries and tasks. All bodies of a batch come in one parameter, cut by offsets: an
 * array of bytea costs twice as much.
 */
export function insertSql({ bound, shared, notify }: InsertKind): Named {
  const cut = (from: string, length: string): string =>
    `substring(:bytes::bytea FROM ${from} + 1 FOR ${length})`
  const text = (from: string, length: string): string =>
    `convert_from(${cut(from, length)}, 'UTF8')`
  const own = (sql: string): string => (shared ? `CASE WHEN h >= 0 THEN ${sql} END` : sql)
  // Tasks are stored in their order: PostgreSQL 18 joins from the other side, and the place in a line is drawn here.
  const parts = [
    `e AS (
      INSERT INTO $.postern_events (id, hash, received, contents, ${shared ? 'delivery, ' : ''}receiver, key, event_id,
        topic, scope, provider, record, head, body)
      SELECT id, hash, received, contents, ${shared ? 'delivery, ' : ''}:receiver::text, key, event_id, topic, scope, provider,
        ${text('st', 'r')}, ${own(text('st + r', 'h'))}, ${own(cut('st + r + h', 'b'))}
      FROM unnest(:ids::bigint[], :hashes::uuid[], :received::bigint[], :contents::smallint[], :deliveries::bigint[],
        :keys::text[], :eventIds::text[], :topics::text[], :scopes::text[], :providers::text[], :starts::int[],
        :records::int[], :heads::int[], :bodies::int[])
        AS i(id, hash, received, contents, delivery, key, event_id, topic, scope, provider, st, r, h, b)
      ORDER BY hash ON CONFLICT (hash) DO NOTHING RETURNING id${shared ? ', delivery' : ''})`,
    `t AS (
      INSERT INTO $.postern_tasks (id, lane, state, due, lease, token, attempt, runs${bound ? ', part, data, line, seq, root, fair, turn, behind' : ''})
      SELECT i.id, i.lane, i.r, ${NOW}, CASE WHEN i.r = 1 THEN ${NOW} + :lease::bigint END, i.r * :token::bigint, i.r, i.r
        ${bound ? BOUND : ''}
      FROM unnest(:tasks::bigint[], :lanes::int[], :running::smallint[]${bound ? ', :parts::text[], :data::text[], :lines::bigint[], :fair::text[], :turns::int[]' : ''})
        AS i(id, lane, r${bound ? ', part, data, line, fair, turn' : ''})
      WHERE i.id / ${TASKS} IN (SELECT id FROM e) ORDER BY i.id)`,
  ]
  if (shared)
    parts.push(`d AS (
      INSERT INTO $.postern_deliveries (id, head, body) SELECT i.id, ${text('st', 'h')}, ${cut('st + h', 'b')}
      FROM unnest(:sharedIds::bigint[], :sharedStarts::int[], :sharedHeads::int[], :sharedBodies::int[]) AS i(id, st, h, b)
      WHERE i.id IN (SELECT delivery FROM e))`)
  // In a CTE that is read, or PostgreSQL leaves it out.
  if (notify)
    parts.push('n AS (SELECT pg_notify(:channel, :process) FROM (SELECT 1 FROM e LIMIT 1) x)')
  const told = notify ? ' WHERE (SELECT count(*) FROM n) >= 0' : ''
  return named(`WITH ${parts.join(', ')} SELECT id::float8 AS id FROM e${told}`)
}

const BOUND = `, i.part, i.data, i.line, CASE WHEN i.line IS NOT NULL THEN nextval('$.postern_seq') END,
        CASE WHEN i.line IS NOT NULL THEN (SELECT l.root FROM $.postern_lanes l WHERE l.id = i.lane) END,
        i.fair, i.turn, i.line IS NOT NULL`

function named(sql: string): Named {
  const names: string[] = []
  const text = sql.replaceAll(/(?<!:):([a-zA-Z]+)/g, (_, name: string) => {
    if (!names.includes(name)) names.push(name)
    return `$${names.indexOf(name) + 1}`
  })
  return { text, names }
}

/** Locks events against pruning and erasing, and finds their failed tasks. */
export const KNOWN: string = `WITH e AS MATERIALIZED (
    SELECT id, hash FROM $.postern_events WHERE hash = ANY($1::uuid[]) AND contents IS DISTINCT FROM 2 ORDER BY id FOR SHARE)
  SELECT replace(e.hash::text, '-', '') AS hash, ${TASK} FROM e
  JOIN $.postern_tasks t ON t.id >= e.id * ${TASKS} AND t.id < (e.id + 1) * ${TASKS}
  WHERE t.state = 3 OR (t.state = 0 AND t.error IS NOT NULL AND t.gate > 0 AND t.due > ${NOW}) ORDER BY t.id`

export const GUARD: string = `WITH i AS (
    INSERT INTO $.postern_guards (key, event, taken) SELECT DISTINCT ON (key) key, event, ${NOW}
    FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS g(key, event, at) ORDER BY key, at
    ON CONFLICT DO NOTHING RETURNING 1)
  SELECT count(*)::int AS n FROM i`

/** A statement of its own, since only a later one sees what others committed while the insert waited for them. */
export const HOLDERS: string = `SELECT replace(key::text, '-', '') AS key, replace(event::text, '-', '') AS event
  FROM $.postern_guards WHERE key = ANY($1::uuid[])`

export const UNGUARD: string = `WITH g AS (DELETE FROM $.postern_guards WHERE key = ANY($1::uuid[]) RETURNING 1)
  SELECT count(*)::int AS n FROM g`
