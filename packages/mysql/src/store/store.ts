import { hostname } from 'node:os'
import {
  hashOf,
  joinable,
  settledBy,
  shutOut,
  type Back,
  type LaneRow,
  type StoreParts,
  type Versions,
} from '@postern/core/engine'
import { createJournaled } from '../journal/journaled.ts'
import { createViewed } from '../operate/viewed.ts'
import type { Settings } from '../settings.ts'
import { hexes, list, literal, NOW } from '../sql/lines.ts'
import { LOCKS } from '../sql/schema.ts'
import { createClaiming, reroot } from './claims.ts'
import { countAgain, createClock } from './clock.ts'
import { createDatabase, transactionOf, type Database, type Sql } from './connection.ts'
import { faultOf, rejection } from './errors.ts'
import { guestSql } from './guest.ts'
import { checkServer, layoutOf, migrateTables, versionsOf, type TablesLayout } from './migrate.ts'
import { createRows, tenantsOf, tenantTurns, turnsOf } from './rows.ts'

/** Makes the store: rows in tables `postern_*` of a database. */
export function createStore(
  settings: Settings,
  back: Back,
  layout: TablesLayout = layoutOf(settings.database),
): StoreParts {
  const { lease, deadline } = settings
  const db = createDatabase(settings)
  const clock = createClock(db, lease, deadline)
  const claims = createClaiming(db, settings)
  const host = { lease, counts: db.counts, fresh: true }
  let own = 0
  let opened = false
  // Of the row of this process: another of its number has another mark, and signs of life are only added.
  const mark = Math.floor(Math.random() * 2 ** 48)
  let beat = 0

  return {
    ...claims,
    ...createViewed(db, settings),
    ...createJournaled(db, settings),
    name: 'mysqlInbox',
    get opened() {
      return opened
    },
    async open() {
      await checkServer(db, settings.database)
      await migrateTables(db, layout, settings)
      if (settings.readOnly) {
        opened = true
        return own
      }
      own = await next(db, 'processes', 'n % 1048575 + 1')
      await db.run(
        `INSERT INTO $.postern_processes (id, name, version, mark, lease, started, seen)
         VALUES (${own}, ${literal(`${hostname()}:${process.pid}`)}, ${layout.steps.length}, ${mark}, ${lease}, ${NOW}, ${NOW})
         ON DUPLICATE KEY UPDATE name = VALUES(name), version = VALUES(version), mark = VALUES(mark), beat = 0,
           lease = VALUES(lease), started = VALUES(started), seen = VALUES(seen)`,
      )
      beat = 0
      await clock.read()
      opened = true
      return own
    },
    async close(until) {
      // Without it, it counts as living for a minute.
      const leave = `UPDATE $.postern_processes SET seen = 0 WHERE id = ${own}`
      if (opened && !settings.readOnly) await settledBy(db.run(leave), until)
      await db.close(until)
    },
    block: () => next(db, 'events', 'n + 1000'),
    // One statement needs no transaction.
    finish: (all) => db.session(deadline, async (sql) => createRows(sql, host).finish(all)),
    atomic: (time, run) => db.atomic(time, (sql) => run(createRows(sql, host))),
    commit: (time, run) =>
      db.commit(time, (sql, client) =>
        run(createRows(sql, { ...host, fresh: db.fresh }), transactionOf(client)),
      ),
    guest: (transaction) => ({
      ...createRows(guestSql(db, transaction), {
        lease,
        counts: false,
        // What SET TRANSACTION said of this transaction alone cannot be read.
        fresh: false,
        waits: true,
      }),
      // Beside it: the locks of new lanes must not wait for the application.
      lanes,
    }),
    lanes,
    everyLane: () => db.rows<LaneRow>('SELECT id AS lane, receiver, name FROM $.postern_lanes'),
    async ended(all, held) {
      const now = await clock.read()
      await countAgain(db, all, lease)
      return claims.endedAt(now, own, all, held)
    },
    backlog: async (keys) => tenantTurns(db, tenantsOf(keys), await turnsOf(db, keys), ''),
    clock: async () =>
      settings.readOnly ? (await db.rows(`SELECT ${NOW} AS n`))[0]!.n : clock.read(),
    steps: () => clock.steps(),
    async alive() {
      if (settings.readOnly) return shutOut(layout, await versionsOf(db, settings.database))
      const its = `id = ${own} AND mark = ${mark}`
      await db.run(
        `UPDATE $.postern_processes SET seen = ${NOW}, beat = beat + 1 WHERE ${its} AND seen NOT BETWEEN ${NOW} - 10000 AND ${NOW}`,
      )
      const [row] = await db.rows<Versions & { beat: number | null }>(
        `SELECT version, oldest, (SELECT beat FROM $.postern_processes WHERE ${its}) AS beat FROM $.postern_schema`,
      )
      const stored = row!.beat
      if (opened && (stored === null || stored < beat)) {
        opened = false
        back(
          `mysqlInbox: ${layout.place} was put back to what it held before, while this process has it open; claims of this process are dropped, and it continues with what the tables hold now`,
        )
      } else beat = stored ?? 0
      return shutOut(layout, row!)
    },
    fault: faultOf,
    rejection,
  }

  async function lanes(
    receiver: string,
    wanted: readonly (readonly string[])[],
  ): Promise<readonly LaneRow[]> {
    const hashes = new Map(wanted.flat().map((name) => [hashOf(receiver, name), name]))
    const read = async (sql: Pick<Sql, 'rows'>): Promise<readonly RootedLane[]> => {
      const rows = await sql.rows<{ lane: number; root: number; hash: string }>(
        `SELECT id AS lane, root, hash FROM $.postern_lanes WHERE hash IN (${hexes([...hashes.keys()])})`,
      )
      return rows.map(({ hash, ...row }) => ({ ...row, receiver, name: hashes.get(hash)! }))
    }
    let rows = await read(db)
    if (rows.length < hashes.size || joins(wanted, rows).length > 0)
      rows = await db.atomic(deadline, async (sql) => {
        await sql.rows(
          `SELECT id FROM $.postern_locks FORCE INDEX (PRIMARY) WHERE id = ${LOCKS - 1} FOR UPDATE`,
        )
        const known = new Set((await read(sql)).map(({ name }) => name))
        const fresh = [...hashes].filter(([, name]) => !known.has(name))
        for (let from = 0; from < fresh.length; from += 500) {
          const some = fresh.slice(from, from + 500)
          await sql.run(
            `INSERT INTO $.postern_lanes (hash, receiver, name, root) VALUES ${some.map(([hash, name]) => `(x'${hash}',${literal(receiver)},${literal(name)},0)`).join()}`,
          )
          await sql.run(
            `UPDATE $.postern_lanes SET root = id WHERE hash IN (${hexes(some.map(([hash]) => hash))})`,
          )
        }
        const all = await read(sql)
        for (const { root, others } of joins(wanted, all))
          await sql.run(
            `UPDATE $.postern_lanes SET root = ${root} WHERE receiver = ${literal(receiver)} AND root IN (${list(others)})`,
          )
        await reroot(sql)
        return all
      })
    return rows.map(({ lane, name }) => ({ lane, receiver, name }))
  }
}

interface RootedLane extends LaneRow {
  readonly root: number
}

function joins(
  wanted: readonly (readonly string[])[],
  rows: readonly RootedLane[],
): ReturnType<typeof joinable> {
  const roots = new Map(rows.map(({ name, root }) => [name, root]))
  return joinable(wanted, (name) => roots.get(name))
}

/** The number of a counter, raised by itself. */
async function next(db: Database, name: string, step: string): Promise<number> {
  const done = await db.run(
    `UPDATE $.postern_counters SET n = LAST_INSERT_ID(${step}) WHERE name = '${name}'`,
  )
  return done!.id
}
