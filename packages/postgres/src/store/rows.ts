import {
  storable,
  grouped,
  guardHash,
  hashOf,
  takeGuards,
  type Fence,
  type Patch,
  type Rows,
  FENCES,
  GONE,
  type FoldRow,
  type HeadRow,
  type Lost,
  type NewEvent,
  type TaskRow,
  type Turn,
  TASKS,
  DEAD,
} from '@postern/core/engine'
import {
  ENTER,
  FOLDABLE,
  HEADS,
  LATER_DUE,
  NEWEST,
  QUEUE,
  REMEMBER,
  TRY_LOCK,
  TURNS,
  ints,
  micros,
  texts,
  NOW,
  TASK,
  EVENT,
} from '../sql/lines.ts'
import { noteActions } from '../journal/journaled.ts'
import { childColumns, column, isBound, valuesOf } from './pack.ts'
import { readNumber, type Sql } from './pg.ts'

export interface RowsHost {
  readonly lease: number
  readonly channel: string
  /**
   * Returns the number of this process, for notifications: a process ignores those with its own number. Returns '' in a
   * transaction of the app, so that this process is notified too.
   */
  readonly process: () => string
}

const inserts = new Map<string, Named>()
const patches = new Map<string, string>()

export function createRows(sql: Sql, { lease, channel, process }: RowsHost): Rows {
  return {
    async insert(batch) {
      const { events, tasks } = batch
      if (events.length === 0) return NO_EVENTS
      const kind = {
        bound: tasks.some(isBound),
        folding: tasks.some(({ fold }) => fold !== null),
        shared: events.some(({ delivery }) => delivery.events > 1),
        notify: batch.notify,
      }
      const name = Object.values(kind).join(' ')
      let statement = inserts.get(name)
      if (!statement) inserts.set(name, (statement = insertSql(kind)))
      const values: Record<string, unknown> = {
        ...valuesOf(batch, lease),
        channel,
        process: process(),
      }
      const rows = await sql<Numbered>(
        statement.text,
        statement.names.map((each) => values[each]),
      )
      if (rows.length === events.length) return new Set(events)
      const ids = idsOf(rows)
      return new Set(events.filter(({ number }) => ids.has(number)))
    },
    async known(events) {
      const byHash = new Map(
        events.map((event) => [hashOf(event.receiver, event.event.key), event]),
      )
      const hashes = `{${[...byHash.keys()].join()}}`
      const rows = await sql<TaskRow & { hash: string }>(KNOWN, [hashes])
      return grouped(rows, ({ hash }) => byHash.get(hash)!)
    },
    guard: (wanted) =>
      takeGuards(wanted, async (own) => {
        const keys = `{${own.map(({ key }) => key).join()}}`
        await sql(GUARD, [keys, `{${own.map(({ event }) => event).join()}}`])
        return new Map((await sql(HOLDERS, [keys])).map((row) => [row['key'], row['event']]))
      }),
    async unguard(taken) {
      await sql(UNGUARD, [`{${taken.map(guardHash).join()}}`])
    },
    async finish(ended) {
      return idsOf(
        await sql(FINISH, [
          column('int8', ended, ({ id }) => id),
          column('int8', ended, ({ token }) => token),
          column('int4', ended, ({ took }) => micros(took)),
        ]),
      )
    },
    patch,
    async spawn(event, children) {
      await sql(PARENT, [event])
      await sql(SPAWN, [event, ints(children.map(({ lane }) => lane)), ...childColumns(children)])
    },
    lock: (lines) => lockLines(sql, TRY_LOCK, lines),
    heads: (lines) => sql<HeadRow>(HEADS, [ints(lines)]),
    queue: (changes) =>
      readNumber(
        sql(QUEUE, [
          ints(changes.map(({ id }) => id)),
          `{${changes.map(({ behind }) => behind).join()}}`,
        ]),
      ),
    foldable: (lines) => sql<FoldRow>(FOLDABLE, [ints(lines)]),
    async remember(newest) {
      await sql(REMEMBER, [
        ints(newest.map(({ root }) => root)),
        texts(newest.map(({ key }) => key)),
        ints(newest.map(({ task }) => task)),
        texts(newest.map(({ highest }) => highest && storable(highest))),
      ])
    },
    async newest(ids) {
      const rows = await sql<TaskRow & { of: number; newest: number }>(NEWEST, [ints(ids)])
      return new Map(
        rows.map(({ of, newest, ...row }) => [
          of,
          { id: newest, row: row.id === null ? undefined : row },
        ]),
      )
    },
    async turns(wanted) {
      // Tenants are sorted: if all processes lock tenants in the same order, they do not deadlock.
      const sorted = wanted.toSorted((a, b) => a.lane - b.lane || (a.fair < b.fair ? -1 : 1))
      const rows = await sql<Turn>(TURNS, [
        ints(sorted.map(({ lane }) => lane)),
        texts(sorted.map(({ fair }) => storable(fair))),
        ints(sorted.map(({ step }) => step)),
      ])
      const asked = new Map(sorted.map((one) => [`${one.lane} ${storable(one.fair)}`, one.fair]))
      return rows.map((turn) => ({
        ...turn,
        fair: asked.get(`${turn.lane} ${turn.fair}`)!,
      }))
    },
    later: (lanes, most) => sql<TaskRow>(LATER_DUE, [ints(lanes), most]),
    async enter(turns) {
      await sql(ENTER, [ints(turns.map(({ id }) => id)), ints(turns.map(({ turn }) => turn))])
    },
    note: (rows) => noteActions(sql, rows),
    lost: (own) =>
      sql<Lost>(LOST, [ints(own.map(({ id }) => id)), ints(own.map(({ token }) => token))]),
  }

  async function patch(given: readonly Patch[], fence: Fence): Promise<ReadonlySet<number>> {
    if (given.length === 0) return NONE
    const drop = given[0]!.state === GONE
    const name = `${drop} ${fence}`
    let statement = patches.get(name)
    if (statement === undefined)
      patches.set(name, (statement = drop ? dropSql(fence) : patchSql(fence)))
    const rows = await sql<Numbered>(statement, [JSON.stringify(given.map(toChange))])
    return idsOf(rows)
  }
}

/** In the JSON of a change, null means no change, so `clear` and `untimed` tell which columns become empty. */
function toChange({ event, ...one }: Patch): object {
  const { took, attempted } = one
  return {
    ...one,
    ...(event && { hash: hashOf(event.receiver, event.key) }),
    clear: one.error === null,
    untimed: took === null,
    ...(typeof took === 'number' && { took: micros(took) }),
    ...(attempted?.took != null && { attempted: { ...attempted, took: micros(attempted.took) } }),
  }
}

/** Locks ordered groups (lines). See `Rows.lock`. */
export async function lockLines(
  sql: Sql,
  statement: string,
  lines: readonly number[],
): Promise<readonly number[]> {
  return (await sql<{ line: number }>(statement, [ints(lines)])).map(({ line }) => line)
}

const NONE: ReadonlySet<number> = new Set()
const NO_EVENTS: ReadonlySet<NewEvent> = new Set()

interface Numbered {
  readonly id: number
}

export function idsOf(rows: readonly Numbered[]): ReadonlySet<number> {
  return new Set(rows.map(({ id }) => id))
}

/** What a batch contains. The insert has only the columns that the batch needs, which saves a third of the time. */
interface InsertKind {
  /** True if a task has a part, data, an ordered group (line) or a tenant. */
  readonly bound: boolean
  /** True if a task has a fold (`debounce`): only the newest task of its key is kept. */
  readonly folding: boolean
  /** True if a delivery has several events. */
  readonly shared: boolean
  readonly notify: boolean
}

/** A statement, and the names of its parameters in the order of their numbers. */
interface Named {
  readonly text: string
  readonly names: readonly string[]
}

/**
 * Returns the statement that stores new events. All bodies are one parameter, since an array of bytea would cost twice
 * as much.
 */
function insertSql({ bound, folding, shared, notify }: InsertKind): Named {
  const cut = (from: string, length: string): string =>
    `substring(:bytes::bytea FROM ${from} + 1 FOR ${length})`
  const text = (from: string, length: string): string =>
    `convert_from(${cut(from, length)}, 'UTF8')`
  const own = (sql: string): string => (shared ? `CASE WHEN h >= 0 THEN ${sql} END` : sql)
  // ORDER BY i.id is needed, since the sequence numbers the tasks of ordered groups in this order. PostgreSQL 18 would
  // join in another order.
  const parts = [
    `e AS (
      INSERT INTO $.postern_events (id, hash, received, contents, ${shared ? 'delivery, ' : ''}receiver, key, event_id,
        topic, tenant, provider, record, head, body)
      SELECT id, hash, received, contents, ${shared ? 'delivery, ' : ''}:receiver::text, key, event_id, topic, tenant, provider,
        ${text('st', 'r')}, ${own(text('st + r', 'h'))}, ${own(cut('st + r + h', 'b'))}
      FROM unnest(:ids::bigint[], :hashes::uuid[], :received::bigint[], :contents::smallint[], :deliveries::bigint[],
        :keys::text[], :eventIds::text[], :topics::text[], :tenants::text[], :providers::text[], :starts::int[],
        :records::int[], :heads::int[], :bodies::int[])
        AS i(id, hash, received, contents, delivery, key, event_id, topic, tenant, provider, st, r, h, b)
      ORDER BY hash ON CONFLICT (hash) DO NOTHING RETURNING id${shared ? ', delivery' : ''})`,
    `t AS (
      INSERT INTO $.postern_tasks (id, lane, state, due, lease, token, attempt, runs${bound ? ', part, data, line, seq, root, fair, turn, behind' : ''}${folding ? ', fold, gate, since' : ''})
      SELECT i.id, i.lane, i.r, ${NOW}${folding ? ' + i.wait' : ''}, CASE WHEN i.r = 1 THEN ${NOW} + :lease::bigint END, i.r * :token::bigint, i.r, i.r
        ${bound ? BOUND : ''}${folding ? FOLDING : ''}
      FROM unnest(:tasks::bigint[], :lanes::int[], :running::smallint[]${bound ? ', :parts::text[], :data::text[], :lines::bigint[], :fair::text[], :turns::int[]' : ''}${folding ? ', :folds::text[], :waits::bigint[], :gates::smallint[]' : ''})
        AS i(id, lane, r${bound ? ', part, data, line, fair, turn' : ''}${folding ? ', fold, wait, gate' : ''})
      WHERE i.id / ${TASKS} IN (SELECT id FROM e) ORDER BY i.id)`,
  ]
  if (shared)
    parts.push(`d AS (
      INSERT INTO $.postern_deliveries (id, head, body) SELECT i.id, ${text('st', 'h')}, ${cut('st + h', 'b')}
      FROM unnest(:sharedIds::bigint[], :sharedStarts::int[], :sharedHeads::int[], :sharedBodies::int[]) AS i(id, st, h, b)
      WHERE i.id IN (SELECT delivery FROM e))`)
  // PostgreSQL skips a CTE that nothing reads, so the SELECT reads the CTE with the notification.
  if (notify)
    parts.push('n AS (SELECT pg_notify(:channel, :process) FROM (SELECT 1 FROM e LIMIT 1) x)')
  const told = notify ? ' WHERE (SELECT count(*) FROM n) >= 0' : ''
  return named(`WITH ${parts.join(', ')} SELECT id::float8 AS id FROM e${told}`)
}

const BOUND = `, i.part, i.data, i.line, CASE WHEN i.line IS NOT NULL THEN nextval('$.postern_seq') END,
        CASE WHEN i.line IS NOT NULL THEN (SELECT l.root FROM $.postern_lanes l WHERE l.id = i.lane) END,
        i.fair, i.turn, i.line IS NOT NULL`
const FOLDING = `, i.fold, i.gate, CASE WHEN i.gate > 0 THEN ${NOW} END`

function named(sql: string): Named {
  const names: string[] = []
  const text = sql.replaceAll(/(?<!:):([a-zA-Z]+)/g, (_, name: string) => {
    if (!names.includes(name)) names.push(name)
    return `$${names.indexOf(name) + 1}`
  })
  return { text, names }
}

/** Finds failed tasks of events, and locks these events so that they are not pruned or erased. */
const KNOWN: string = `WITH e AS MATERIALIZED (
    SELECT id, hash FROM $.postern_events WHERE hash = ANY($1::uuid[]) AND contents IS DISTINCT FROM 2 ORDER BY id FOR SHARE)
  SELECT replace(e.hash::text, '-', '') AS hash, ${TASK} FROM e
  JOIN $.postern_tasks t ON t.id >= e.id * ${TASKS} AND t.id < (e.id + 1) * ${TASKS}
  WHERE t.state = 3 OR (t.state = 0 AND t.error IS NOT NULL AND t.gate > 0 AND t.due > ${NOW}) ORDER BY t.id`

const GUARD: string = `WITH i AS (
    INSERT INTO $.postern_guards (key, event, taken) SELECT DISTINCT ON (key) key, event, ${NOW}
    FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS g(key, event, at) ORDER BY key, at
    ON CONFLICT DO NOTHING RETURNING 1)
  SELECT count(*)::int AS n FROM i`

/** Reads which event has each guard (a key of only one event). Runs after GUARD, to see the latest commits. */
const HOLDERS: string = `SELECT replace(key::text, '-', '') AS key, replace(event::text, '-', '') AS event
  FROM $.postern_guards WHERE key = ANY($1::uuid[])`

const UNGUARD: string = `WITH g AS (DELETE FROM $.postern_guards WHERE key = ANY($1::uuid[]) RETURNING 1)
  SELECT count(*)::int AS n FROM g`

const FINISH: string = `WITH t AS (
    UPDATE $.postern_tasks t SET state = 2, due = ${NOW}, lease = NULL, took = i.took
    FROM unnest($1::bigint[], $2::bigint[], $3::int[]) AS i(id, token, took)
    WHERE t.id = i.id AND t.token = i.token AND t.state = 1 RETURNING t.id)
  SELECT t.id::float8 AS id FROM t`

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
    took int, untimed boolean, error text, clear boolean, cause text, fold text, anew boolean, attempted json))`
// Locks the rows of tasks, in the same order in all processes. With `over`, skips rows that an open transaction has
// locked. With `whole`, the tasks are to run again, so the lock keeps their events from being erased.
function locked(fence: Fence): string {
  const { over, whole } = FENCES[fence]
  return `l AS MATERIALIZED (
    SELECT t.id FROM $.postern_tasks t JOIN i ON i.id = t.id AND i.round = t.round
    ${whole ? `JOIN $.postern_events e ON ${EVENT} AND e.contents IS DISTINCT FROM 2` : ''}
    WHERE ${condition(fence)} ORDER BY t.id
    FOR UPDATE OF t${over ? ' SKIP LOCKED' : ''}${whole ? ' FOR SHARE OF e' : ''})`
}

/** Returns the statement that changes each task that meets the condition `fence`, and adds attempts to its history. */
function patchSql(fence: Fence): string {
  return `WITH ${INPUT}, ${locked(fence)},
  c AS (
    UPDATE $.postern_tasks t SET state = i.state, gate = coalesce(i.gate, t.gate), behind = coalesce(i.behind, t.behind),
      due = CASE WHEN i.wait IS NULL THEN t.due ELSE ${NOW} + i.wait END,
      since = CASE WHEN i.wait IS NULL THEN t.since WHEN i.state = 0 AND coalesce(i.gate, t.gate) > 0 THEN ${NOW} END,
      lease = CASE WHEN i.state >= 2 AND t.token <> i.token THEN t.lease END,
      token = CASE WHEN i.state < 2 AND i.open IS NULL THEN 0 WHEN t.lease IS NOT NULL AND t.token <> i.token THEN t.token ELSE i.token END,
      round = t.round + (i.anew IS NOT NULL)::int, runs = t.runs - ${fence === 'held' ? 1 : 0},
      attempt = coalesce(i.attempt, t.attempt), cut = coalesce(i.cut, t.cut), charged = coalesce(i.charged, t.charged),
      took = CASE WHEN i.untimed THEN NULL ELSE coalesce(i.took, t.took) END,
      error = CASE WHEN i.clear THEN NULL ELSE coalesce(i.error, t.error) END,
      cause = CASE WHEN i.clear THEN NULL ELSE coalesce(i.cause, t.cause) END, fold = coalesce(i.fold, t.fold)
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

function dropSql(fence: Fence): string {
  return `WITH ${INPUT}, ${locked(fence)},
  c AS (DELETE FROM $.postern_tasks t USING l, i WHERE t.id = l.id AND i.id = l.id AND t.round = i.round AND ${condition(fence)} RETURNING t.id),
  o AS (DELETE FROM $.postern_attempts a USING c WHERE a.task = c.id)
  SELECT c.id::float8 AS id FROM c`
}

/** Locks the event. Two of its tasks may end at the same time, and the lock gives their children different numbers. */
const PARENT =
  'SELECT id::float8 AS id FROM $.postern_events WHERE id = $1::bigint FOR NO KEY UPDATE'

const SPAWN: string = `WITH p AS (SELECT $1::bigint * ${TASKS} AS first, ($1::bigint + 1) * ${TASKS} AS last),
  m AS (SELECT coalesce(max(t.id), min(p.first) - 1) AS id FROM p LEFT JOIN $.postern_tasks t ON t.id >= p.first AND t.id < p.last),
  c AS (
    INSERT INTO $.postern_tasks (id, lane, state, due, part, data, line, seq, root, fair, turn, behind, fold, gate, since)
    SELECT m.id + i.at, i.lane, 0, ${NOW} + i.wait, i.part, i.data, i.line, CASE WHEN i.line IS NOT NULL THEN nextval('$.postern_seq') END,
      CASE WHEN i.line IS NOT NULL THEN (SELECT l.root FROM $.postern_lanes l WHERE l.id = i.lane) END, i.fair, i.turn, i.line IS NOT NULL,
      i.fold, i.gate, CASE WHEN i.gate > 0 THEN ${NOW} END
    FROM m, p, unnest($2::int[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::int[], $8::text[], $9::bigint[], $10::smallint[]) WITH ORDINALITY
      AS i(lane, part, data, line, fair, turn, fold, wait, gate, at)
    WHERE NOT EXISTS (SELECT 1 FROM $.postern_tasks o WHERE o.id >= p.first AND o.id < p.last AND o.lane = i.lane AND o.part = i.part)
    RETURNING 1)
  SELECT count(*)::int AS n FROM c`

/** Reads the tasks of lost claims (see `Rows.lost`). Ends the lease of each task that another process has settled. */
const LOST: string = `WITH i AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS i(id, token)),
  h AS (
    UPDATE $.postern_tasks t SET lease = NULL FROM i
    WHERE t.id = i.id AND t.token = i.token AND t.state >= 2 AND t.lease IS NOT NULL RETURNING t.id)
  SELECT ${TASK}, h.id IS NOT NULL AS held FROM $.postern_tasks t JOIN i ON i.id = t.id LEFT JOIN h ON h.id = t.id`
