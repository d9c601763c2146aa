import { hostname } from 'node:os'
import {
  storable,
  createLaneTable,
  createMembership,
  createServerClock,
  settledBy,
  type Back,
  type RootedLane,
  type Store,
  type ClaimRow,
  type LaneRow,
  type TaskRow,
  type Turn,
  AGAIN,
  LATER,
  MOST_WAIT,
  READY,
  SUSPECT,
} from '@postern/core/engine'
import type { Settings } from '../settings.ts'
import {
  ADD_LANES,
  BACKLOG,
  EVERY_LANE,
  JOIN_LANES,
  LANES,
  LOCK_ALL,
  REROOT,
  STUCK,
  WAIT_LOCK,
  ints,
  NOW,
  texts,
  CONTENTS,
  DELIVERY,
  EVENT,
  TASK,
} from '../sql/lines.ts'
import { ALIVE, LEAVE } from '../sql/schema.ts'
import { tableSql } from '../sql/table-sql.ts'
import { createJournaled } from '../journal/journaled.ts'
import { createViewed } from '../operate/viewed.ts'
import { createDatabase } from './connection.ts'
import { errors } from './errors.ts'
import { hearTasks } from './listen.ts'
import { checkSession, layoutOf, migrateTables, versionsOf, type TablesLayout } from './migrate.ts'
import { readNumber, readRow, type PgClient, type PgTransaction, type Sql } from './pg.ts'
import { createRows, idsOf, lockLines } from './rows.ts'

export function createStore(
  settings: Settings,
  warn: (message: string) => void,
  back: Back,
  layout: TablesLayout = layoutOf(settings.schema),
): Store {
  const { schema, lease } = settings
  const db = createDatabase(settings, warn)
  const { sql } = db
  const clock = createServerClock<Sql>(
    tableSql(sql),
    {
      now: NOW,
      row: 'true',
      atomic: (run) => db.atomic(settings.deadline, (within) => run(tableSql(within), within)),
      extend: (within, since, longer) => within(EXTEND, [since, longer, lease]),
    },
    lease,
  )
  const channel = `postern_${schema}`
  const member = createMembership(layout, settings, back, {
    async open() {
      await checkSession(sql)
      await migrateTables(db, layout, settings)
    },
    async join(mark) {
      const name = `${hostname()}:${process.pid}`
      const own = await readNumber(sql(ADD_PROCESS, [name, layout.steps.length, mark, lease]))
      await clock.read()
      return own
    },
    sign: (own, mark) => readRow(sql(ALIVE, [own, mark])),
    versions: () => versionsOf(sql, layout),
  })
  const host = { lease, channel, process: () => String(member.own) }
  const lanes = createLaneTable<Sql>({
    async read(receiver, names, run = sql) {
      const stored = new Map(names.map((name) => [storable(name), name]))
      const rows = await run<RootedLane>(LANES, [storable(receiver)])
      return rows.flatMap(({ name, ...row }) =>
        stored.has(name) ? { ...row, name: stored.get(name)! } : [],
      )
    },
    locked: (run) =>
      db.atomic(settings.deadline, async (within) => {
        await within(LOCK_ALL)
        return run(within)
      }),
    add: (within, receiver, names) =>
      within(ADD_LANES, [storable(receiver), texts(names.map(storable))]),
    join: (within, receiver, root, others) =>
      within(JOIN_LANES, [storable(receiver), root, ints(others)]),
    reroot: (within) => within(REROOT),
  })

  return {
    ...createRows(sql, host),
    ...createViewed(db, settings),
    ...createJournaled(db, settings),
    name: 'postgresInbox',
    get opened() {
      return member.opened
    },
    open: member.open,
    async close(until) {
      // Without this statement, other processes would count this process as running for another minute.
      if (member.opened && !settings.readOnly) await settledBy(sql(LEAVE, [member.own]), until)
      await db.close(until)
    },
    block: () => readNumber(sql("SELECT nextval('$.postern_numbers')::float8 AS n")),
    atomic: (time, run) => db.atomic(time, (within) => run(createRows(within, host))),
    commit: (time, run) =>
      db.commit(time, (within, client) => run(createRows(within, host), transactionOf(client))),
    guest(transaction) {
      const within = db.guest(transaction)
      return {
        ...createRows(within, { ...host, process: () => '' }),
        lock: (lines) => lockLines(within, WAIT_LOCK, lines),
        // Lanes (subscriptions) are added outside of the app's transaction, since other processes that add lanes must
        // not wait for the app.
        lanes,
      }
    },
    lanes,
    everyLane: () => sql<LaneRow>(EVERY_LANE),
    claim: (wishes, most, suspect, token) =>
      sql<ClaimRow>(CLAIM, [
        ints(wishes.map(({ lane }) => lane)),
        ints(wishes.map(({ room }) => room)),
        ints(wishes.map(({ now }) => now)),
        most,
        suspect ? 1 : 0,
        token,
        lease,
      ]),
    async renew(held) {
      const [ids, tokens] = [held.map(({ id }) => id), held.map(({ token }) => token)]
      return idsOf(await sql(RENEW, [ints(ids), ints(tokens), lease]))
    },
    async ended(all, held) {
      const now = await clock.read()
      await sql(COUNT_AGAIN, [ints(all), lease])
      return sql<TaskRow>(ENDED, [ints(all), ints(held), lease, now, member.own])
    },
    waiting: (all) => sql(WAITING, [ints(all)]),
    async stuck(all) {
      const rooted = await sql<{ line: number }>(REROOT)
      const found = await sql<{ line: number }>(STUCK, [ints(all)])
      return [...new Set([...rooted, ...found].map(({ line }) => line))]
    },
    load: (ids) => sql<ClaimRow>(LOAD, [ints(ids)]),
    async rest(all) {
      const { left, next } = await readRow(
        sql<{ left: number; next: number | null }>(REST, [ints(all)]),
      )
      return { left, next: next === null ? undefined : Math.max(0, next) }
    },
    pending: (receiver, most) => readNumber(sql(PENDING, [storable(receiver), most])),
    backlog: (keys) =>
      sql<Turn>(BACKLOG, [
        ints(keys.map(({ lane }) => lane)),
        texts(keys.map(({ fair }) => storable(fair))),
      ]),
    clock: () => (settings.readOnly ? readNumber(sql(`SELECT ${NOW}::float8 AS n`)) : clock.read()),
    steps: () => clock.steps(),
    listen: (heard) => hearTasks({ db, channel, process: host.process, warn }, heard),
    busy: async (task) => (await readNumber(sql(FREE, [task]))) === 0,
    alive: member.alive,
    fault: errors.fault,
    rejection: errors.rejection,
  }
}

function transactionOf(client: PgClient): PgTransaction {
  return { query: (text, values) => client.query({ text, ...(values && { values }) }), client }
}

const ADD_PROCESS = `WITH p AS (
    INSERT INTO $.postern_processes AS p (id, name, version, mark, lease, started, seen)
    VALUES (nextval('$.postern_process_ids'), $1, $2, $3, $4, ${NOW}, ${NOW})
    ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, version = EXCLUDED.version, mark = EXCLUDED.mark, beat = 0, lease = EXCLUDED.lease, started = EXCLUDED.started, seen = EXCLUDED.seen
    RETURNING p.id)
  SELECT p.id AS n FROM p`
/** Returns 0 if an open transaction has locked the row of the task, otherwise 1. */
const FREE = `WITH t AS (SELECT id FROM $.postern_tasks WHERE id = $1::bigint FOR UPDATE SKIP LOCKED)
  SELECT ((SELECT count(*) FROM t) + CASE WHEN EXISTS (SELECT 1 FROM $.postern_tasks WHERE id = $1::bigint) THEN 0 ELSE 1 END)::int AS n`

const pick = (which: string, order: string, most: string): string => `
    SELECT w.lane, w.room, n.id, n.turn, n.due FROM w CROSS JOIN LATERAL (
      SELECT t.id, t.turn, t.due FROM $.postern_tasks t
      WHERE t.lane = w.lane AND t.state = 0 AND NOT t.behind AND ${which}
      ORDER BY ${order} LIMIT ${most} FOR UPDATE SKIP LOCKED) n`
// PostgreSQL uses the partial index only if the statement contains the index's condition `gate > 0`.
const held = (gate: number, most: string): string =>
  pick(`t.gate > 0 AND t.gate = ${gate} AND t.due <= ${NOW}`, 't.due', most)
// Tasks without a turn are selected separately, so that they are one index range in the order of `due`. A turn is a
// task's number in the fair order over tenants.
const ready = (turn: string): string =>
  pick(`t.gate = ${READY} AND t.turn ${turn}`, 't.turn, t.due', 'w.room')

// The largest count that can still grow by one in an `int`. Without this limit, one damaged count would make the claim
// of all tasks fail.
const MOST = 2 ** 31 - 2

const COLUMNS = `t.id::float8 AS id, t.lane, t.gate, t.attempt, t.round, t.cut, t.error IS NOT NULL AS failed, t.line::float8 AS line,
    t.fair, t.fold, t.part, t.data, ${CONTENTS}`

/**
 * Claims tasks (see `Store.claim`). The first three parameters have a value for each lane (subscription): its number,
 * the maximum number of tasks, and how many tasks can start now. Then follow the maximum number over all lanes, 1 if a
 * suspect may be claimed, the token and the lease. A suspect is a task with repeated interruptions. The outer LIMIT
 * keeps PostgreSQL from expecting too many rows.
 */
const CLAIM: string = `WITH w AS MATERIALIZED (SELECT * FROM unnest($1::int[], $2::int[], $3::int[]) AS w(lane, room, now)),
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

const LOAD: string = `SELECT ${COLUMNS} FROM $.postern_tasks t LEFT JOIN $.postern_events e ON ${EVENT} ${DELIVERY}
  WHERE t.id = ANY($1::bigint[])`

/** Renews leases. Rows that an open transaction has locked are read with their old values, and count as renewed. */
const RENEW: string = `WITH i AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS i(id, token)),
  l AS MATERIALIZED (
    SELECT t.id FROM $.postern_tasks t JOIN i ON i.id = t.id AND i.token = t.token WHERE t.lease IS NOT NULL
    ORDER BY t.id FOR UPDATE OF t SKIP LOCKED),
  u AS (UPDATE $.postern_tasks t SET lease = ${NOW} + $3::bigint FROM l WHERE t.id = l.id)
  SELECT t.id::float8 AS id FROM $.postern_tasks t JOIN i ON i.id = t.id AND i.token = t.token WHERE t.state = 1`

/**
 * Finds claims whose lease has ended, and claims that this process does not know (see `Store.ended`). The parameter for
 * the time is from `clock.read`, so that a jump of the clock ends no lease.
 */
const ENDED: string = `SELECT ${TASK} FROM $.postern_tasks t
  WHERE t.lease IS NOT NULL AND NOT EXISTS (SELECT 1 FROM unnest($2::bigint[]) AS h(id) WHERE h.id = t.id) AND (
    (t.lease <= $4::bigint AND (t.lane = ANY($1::int[]) OR t.lease <= $4::bigint - $3::bigint))
    OR (t.lane = ANY($1::int[]) AND t.state = 1 AND t.token >= $5::bigint * 4294967296 AND t.token < ($5::bigint + 1) * 4294967296))
  ORDER BY t.lease LIMIT 500 FOR UPDATE SKIP LOCKED`

const WAITING: string = `SELECT t.lane, bool_or(t.gate = ${SUSPECT}) AS suspect FROM $.postern_tasks t
  WHERE t.lane = ANY($1::int[]) AND t.state = 0 AND t.gate > 0 AND NOT t.behind AND t.gate IN (${AGAIN}, ${SUSPECT}) AND t.due <= ${NOW}
  GROUP BY t.lane`

// Each part reads one range of a partial index.
const open = (columns: string): string => `
    SELECT ${columns} FROM $.postern_tasks t WHERE t.lane = ANY($1::int[]) AND t.state = 0 AND t.gate = 0 AND NOT t.behind
    UNION ALL SELECT ${columns} FROM $.postern_tasks t WHERE t.lane = ANY($1::int[]) AND t.state = 0 AND t.gate > 0 AND NOT t.behind`

const REST: string = `SELECT
  (SELECT count(*) FROM (${open('t.due, t.gate')}) o WHERE o.gate = 0 OR o.due <= ${NOW})::int AS left,
  (LEAST(
    (SELECT min(n.due) FROM unnest($1::int[]) AS l(lane) CROSS JOIN unnest('{${LATER},${AGAIN},${SUSPECT}}'::int[]) AS g(gate)
      CROSS JOIN LATERAL (SELECT t.due FROM $.postern_tasks t WHERE t.lane = l.lane AND t.state = 0 AND t.gate > 0
        AND t.gate = g.gate AND NOT t.behind AND t.due > ${NOW} ORDER BY t.due LIMIT 1) n),
    (SELECT min(t.lease) FROM $.postern_tasks t WHERE t.lease IS NOT NULL AND t.state = 1 AND t.lane = ANY($1::int[]))
  ) - ${NOW})::float8 AS next`

const PENDING: string = `WITH l AS MATERIALIZED (SELECT coalesce(array_agg(id), '{}') AS ids FROM $.postern_lanes WHERE receiver = $1)
  SELECT count(*)::int AS n FROM (
    SELECT 1 FROM $.postern_tasks t, l WHERE t.lane = ANY(l.ids) AND t.state = 0 AND t.gate = 0 AND NOT t.behind
    UNION ALL SELECT 1 FROM $.postern_tasks t, l WHERE t.lane = ANY(l.ids) AND t.state = 0 AND t.gate > 0 AND NOT t.behind
    UNION ALL SELECT 1 FROM $.postern_tasks t, l WHERE t.lane = ANY(l.ids) AND t.state = 1 AND t.lease IS NOT NULL
    UNION ALL SELECT 1 FROM $.postern_tasks t, l WHERE t.lane = ANY(l.ids) AND t.state = 0 AND t.behind
      AND t.line IS NOT NULL AND (t.state < 2 OR t.lease IS NOT NULL)
    LIMIT $2) o`

/** Returns SQL for the lease of the process that has claimed the task. */
const leaseOf = (own: string): string =>
  `coalesce((SELECT p.lease FROM $.postern_processes p WHERE p.id = (t.token / 4294967296)::int), ${own}::bigint)`

const EXTEND: string = `WITH h AS MATERIALIZED (
    SELECT t.id, LEAST(t.lease + $2::bigint, ${NOW} + ${leaseOf('$3')}) AS lease FROM $.postern_tasks t
    WHERE t.lease > $1::bigint ORDER BY t.id FOR UPDATE OF t SKIP LOCKED)
  UPDATE $.postern_tasks t SET lease = h.lease FROM h WHERE t.id = h.id`

/**
 * Repairs stored times after the server's clock went back. A wait that starts in the future, or a lease that is too
 * long, starts now. A task whose wait is longer than any wait can be is due now. A ready task with a time in the future
 * is due now too, since otherwise newer tasks would run before it.
 */
const COUNT_AGAIN: string = `WITH w AS MATERIALIZED (
    SELECT t.id FROM $.postern_tasks t WHERE t.state = 0 AND t.since > ${NOW} ORDER BY t.since LIMIT 1000 FOR UPDATE SKIP LOCKED),
  uw AS (UPDATE $.postern_tasks t SET due = t.due - t.since + ${NOW}, since = ${NOW} FROM w WHERE t.id = w.id RETURNING 1),
  f AS MATERIALIZED (
    SELECT n.id FROM unnest($1::int[]) AS i(lane) CROSS JOIN unnest('{${LATER},${AGAIN},${SUSPECT}}'::int[]) AS g(gate) CROSS JOIN LATERAL (
      SELECT t.id FROM $.postern_tasks t WHERE t.lane = i.lane AND t.state = 0 AND t.gate > 0 AND t.gate = g.gate AND NOT t.behind
        AND t.due > ${NOW} + ${MOST_WAIT} LIMIT 1000 FOR UPDATE SKIP LOCKED) n),
  uf AS (UPDATE $.postern_tasks t SET due = ${NOW} FROM f WHERE t.id = f.id RETURNING 1),
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
  SELECT ((SELECT count(*) FROM uw) + (SELECT count(*) FROM uf) + (SELECT count(*) FROM ul) + (SELECT count(*) FROM ur))::int AS n`
