import { hostname } from 'node:os'
import {
  AGAIN,
  createLaneTable,
  createMembership,
  createServerClock,
  hashOf,
  LATER,
  MOST_WAIT,
  settledBy,
  SUSPECT,
  type Back,
  type LaneRow,
  type StoreParts,
  type Versions,
} from '@postern/core/engine'
import { createJournaled } from '../journal/journaled.ts'
import { createViewed } from '../operate/viewed.ts'
import type { Settings } from '../settings.ts'
import { hexes, list, literal, NOW, updateTasks } from '../sql/lines.ts'
import { tableSql } from '../sql/table-sql.ts'
import { LOCKS } from '../sql/schema.ts'
import { createClaiming, reroot } from './claims.ts'
import { createDatabase, transactionOf, type Database, type Row, type Sql } from './connection.ts'
import { errors } from './errors.ts'
import { checkServer, layoutOf, migrateTables, versionsOf, type TablesLayout } from './migrate.ts'
import { createRows, lockTasks, tenantsOf, tenantTurns, turnsOf } from './rows.ts'

export function createStore(
  settings: Settings,
  back: Back,
  layout: TablesLayout = layoutOf(settings.database),
): StoreParts {
  const { lease, deadline } = settings
  const db = createDatabase(settings)
  const clock = createServerClock<Sql>(
    tableSql(db),
    {
      now: NOW,
      row: 'id = 1',
      atomic: (run) => db.atomic(deadline, (sql) => run(tableSql(sql), sql)),
      async extend(sql, since, longer) {
        const which = `t.lease > ${since}`
        const set = `t.lease = LEAST(t.lease + ${longer}, ${NOW} + ${leaseOf(lease)})`
        await change(sql, await find(sql, 'leases', which, 100_000), which, set)
      },
    },
    lease,
  )
  const claims = createClaiming(db, settings)
  const host = { lease, counts: db.counts, fresh: true }
  const member = createMembership(layout, settings, back, {
    async open() {
      await checkServer(db, settings.database)
      await migrateTables(db, layout, settings)
    },
    async join(mark) {
      const own = await next(db, 'processes', 'n % 1048575 + 1')
      await db.run(
        `INSERT INTO $.postern_processes (id, name, version, mark, lease, started, seen)
         VALUES (${own}, ${literal(`${hostname()}:${process.pid}`)}, ${layout.steps.length}, ${mark}, ${lease}, ${NOW}, ${NOW})
         ON DUPLICATE KEY UPDATE name = VALUES(name), version = VALUES(version), mark = VALUES(mark), beat = 0,
           lease = VALUES(lease), started = VALUES(started), seen = VALUES(seen)`,
      )
      await clock.read()
      return own
    },
    async sign(own, mark) {
      const its = `id = ${own} AND mark = ${mark}`
      await db.run(
        `UPDATE $.postern_processes SET seen = ${NOW}, beat = beat + 1 WHERE ${its} AND seen NOT BETWEEN ${NOW} - 10000 AND ${NOW}`,
      )
      const rows = await db.rows<Versions & { beat: number | null }>(
        `SELECT version, oldest, (SELECT beat FROM $.postern_processes WHERE ${its}) AS beat FROM $.postern_schema`,
      )
      return rows[0]!
    },
    versions: () => versionsOf(db, settings.database),
  })
  const lanes = createLaneTable<Sql>({
    async read(receiver, names, sql) {
      const hashes = new Map(names.map((name) => [hashOf(receiver, name), name]))
      const rows = await (sql ?? db).rows<{ lane: number; root: number; hash: string }>(
        `SELECT id AS lane, root, hash FROM $.postern_lanes WHERE hash IN (${hexes([...hashes.keys()])})`,
      )
      return rows.map(({ hash, ...row }) => ({ ...row, receiver, name: hashes.get(hash)! }))
    },
    locked: (run) =>
      db.atomic(deadline, async (sql) => {
        await sql.rows(
          `SELECT id FROM $.postern_locks FORCE INDEX (PRIMARY) WHERE id = ${LOCKS - 1} FOR UPDATE`,
        )
        return run(sql)
      }),
    async add(sql, receiver, names) {
      for (let from = 0; from < names.length; from += 500) {
        const some = names.slice(from, from + 500).map((name) => [hashOf(receiver, name), name])
        await sql.run(
          `INSERT INTO $.postern_lanes (hash, receiver, name, root) VALUES ${some.map(([hash, name]) => `(x'${hash!}',${literal(receiver)},${literal(name!)},0)`).join()}`,
        )
        await sql.run(
          `UPDATE $.postern_lanes SET root = id WHERE hash IN (${hexes(some.map(([hash]) => hash!))})`,
        )
      }
    },
    join: (sql, receiver, root, others) =>
      sql.run(
        `UPDATE $.postern_lanes SET root = ${root} WHERE receiver = ${literal(receiver)} AND root IN (${list(others)})`,
      ),
    reroot,
  })

  return {
    ...claims,
    ...createViewed(db, settings),
    ...createJournaled(db, settings),
    name: 'mysqlInbox',
    get opened() {
      return member.opened
    },
    open: member.open,
    async close(until) {
      // Without this statement, other processes would count this process as running for another minute.
      const leave = `UPDATE $.postern_processes SET seen = 0 WHERE id = ${member.own}`
      if (member.opened && !settings.readOnly) await settledBy(db.run(leave), until)
      await db.close(until)
    },
    block: () => next(db, 'events', 'n + 1000'),
    finish: (all) => db.session(deadline, async (sql) => createRows(sql, host).finish(all)),
    atomic: (time, run) => db.atomic(time, (sql) => run(createRows(sql, host))),
    commit: (time, run) =>
      db.commit(time, (sql, client) =>
        run(createRows(sql, { ...host, fresh: db.fresh }), transactionOf(client)),
      ),
    guest: (transaction) => ({
      // SET TRANSACTION may have changed the isolation level of this transaction, and that level cannot be read. So
      // `fresh` is false.
      ...createRows(db.guest(transaction), { lease, counts: false, fresh: false, waits: true }),
      // Lanes (subscriptions) are added outside of the app's transaction, since other processes that add lanes must not
      // wait for the app.
      lanes,
    }),
    lanes,
    everyLane: () => db.rows<LaneRow>('SELECT id AS lane, receiver, name FROM $.postern_lanes'),
    async ended(all, held) {
      const now = await clock.read()
      await countAgain(db, all, lease)
      return claims.endedAt(now, member.own, all, held)
    },
    backlog: async (keys) => tenantTurns(db, tenantsOf(keys), await turnsOf(db, keys), ''),
    clock: async () =>
      settings.readOnly ? (await db.rows(`SELECT ${NOW} AS n`))[0]!.n : clock.read(),
    steps: () => clock.steps(),
    alive: member.alive,
    fault: errors.fault,
    rejection: errors.rejection,
  }
}

/** Raises a counter, outside of any transaction, and returns its new value. */
async function next(db: Database, name: string, step: string): Promise<number> {
  const done = await db.run(
    `UPDATE $.postern_counters SET n = LAST_INSERT_ID(${step}) WHERE name = '${name}'`,
  )
  return done!.id
}

/** Returns SQL for the lease of the process that has claimed the task. */
const leaseOf = (own: number): string =>
  `COALESCE((SELECT p.lease FROM $.postern_processes p WHERE p.id = t.token DIV 4294967296), ${own})`

/**
 * Repairs stored times after the server's clock went back. A wait that starts in the future, or a lease that is too
 * long, starts now. A task whose wait is longer than any wait can be is due now. A ready task with a time in the future
 * is due now too, since otherwise newer tasks would run before it.
 */
async function countAgain(db: Database, lanes: readonly number[], lease: number): Promise<void> {
  const waits = `t.state = 0 AND t.since > ${NOW}`
  const end = `${NOW} + ${leaseOf(lease)}`
  const far = `t.state = 0 AND t.behind = 0 AND t.lane IN (${list(lanes)}) AND t.gate IN (${LATER},${AGAIN},${SUSPECT}) AND t.place = 0 AND t.due > ${NOW} + ${MOST_WAIT}`
  const [rows, over, leases, places] = [
    await find(db, 'waits', waits),
    await find(db, 'ready', far),
    await find(
      db,
      'leases',
      `t.lease > ${NOW} + (SELECT MIN(lease) FROM $.postern_processes) AND t.lease > ${end}`,
    ),
    await find(
      db,
      'ready',
      `t.state = 0 AND t.behind = 0 AND t.lane IN (${list(lanes)}) AND t.gate = 0 AND t.place = 0 AND t.due > ${NOW}`,
    ),
  ]
  await change(db, rows, waits, `t.due = t.due - t.since + ${NOW}, t.since = ${NOW}`)
  await change(db, over, far, `t.due = ${NOW}`)
  await change(db, leases, `t.lease > ${NOW}`, `t.lease = ${end}`)
  await change(db, places, 't.state = 0 AND t.gate = 0', `t.due = ${NOW}`)
}

function find(sql: Sql, index: string, which: string, most = 1000): Promise<readonly Row[]> {
  return sql.rows(
    `SELECT t.id FROM $.postern_tasks t FORCE INDEX (${index}) WHERE ${which} LIMIT ${most}`,
  )
}

/** Changes rows that are not locked by other transactions. The locked rows are left for the next call. */
async function change(sql: Sql, rows: readonly Row[], still: string, set: string): Promise<void> {
  const locked = await lockTasks(sql, rows, still)
  const ids = locked.map(({ id }) => id)
  await updateTasks(sql, ids, set, `AND ${still}`)
}
