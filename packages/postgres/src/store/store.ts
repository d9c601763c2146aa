import { hostname } from 'node:os'
import {
  settledBy,
  shutOut,
  type Back,
  type ClaimRow,
  type LaneRow,
  type Store,
  type TaskRow,
  type Turn,
  type Versions,
} from '@postern/core/inbox'
import type { Settings } from '../settings.ts'
import { COUNT_AGAIN } from '../sql/clock.ts'
import { CLAIM, ENDED, LOAD, PENDING, RENEW, REST, WAITING } from '../sql/claim.ts'
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
} from '../sql/lines.ts'
import { ALIVE, LEAVE } from '../sql/schema.ts'
import { ints, NOW, storable, texts } from '../sql/words.ts'
import { createJournaled } from '../journal/journaled.ts'
import { createViewed } from '../operate/viewed.ts'
import { createServerClock } from './clock.ts'
import { createDatabase } from './connection.ts'
import { faultOf, refusal } from './errors.ts'
import { guestSql } from './guest.ts'
import { hearTasks } from './listen.ts'
import { checkSession, layoutOf, migrateTables, type TablesLayout } from './migrate.ts'
import { readNumber, readRow, type PgClient, type PgTransaction } from './pg.ts'
import { createRows, idsOf, lockLines } from './rows.ts'

/** Makes the store: rows in tables `postern_*` of a schema. */
export function createStore(
  settings: Settings,
  warn: (message: string) => void,
  back: Back,
  layout: TablesLayout = layoutOf(settings.schema),
): Store {
  const { schema, lease } = settings
  const db = createDatabase(settings, warn)
  const { sql } = db
  const clock = createServerClock(sql, lease)
  const channel = `postern_${schema}`
  const host = { lease, channel, process: () => String(own) }
  let own = 0
  let opened = false
  // Of the row of this process: another of its number has another mark, and signs of life are only added.
  const mark = Math.floor(Math.random() * 2 ** 48)
  let beat = 0

  return {
    ...createRows(sql, host),
    ...createViewed(db, settings),
    ...createJournaled(db, settings),
    name: 'postgresInbox',
    get opened() {
      return opened
    },
    async open() {
      await checkSession(sql)
      await migrateTables(db, layout, settings)
      const name = `${hostname()}:${process.pid}`
      own = await readNumber(sql(ADD_PROCESS, [name, layout.steps.length, mark, lease]))
      beat = 0
      await clock.read()
      opened = true
      return own
    },
    async close(until) {
      // Without it, it counts as living for a minute.
      if (opened) await settledBy(sql(LEAVE, [own]), until)
      await db.close(until)
    },
    block: () => readNumber(sql("SELECT nextval('$.postern_numbers')::float8 AS n")),
    atomic: (time, run) => db.atomic(time, (within) => run(createRows(within, host))),
    commit: (time, run) =>
      db.commit(time, (within, client) => run(createRows(within, host), transactionOf(client))),
    guest(transaction) {
      const within = guestSql(db, transaction)
      return {
        ...createRows(within, { ...host, process: () => '' }),
        lock: (lines) => lockLines(within, WAIT_LOCK, lines),
        // Beside it: the locks of new lanes must not wait for the application.
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
      return sql<TaskRow>(ENDED, [ints(all), ints(held), lease, now, own])
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
    clock: () => clock.read(),
    steps: () => clock.steps(),
    listen: (heard) => hearTasks({ db, channel, process: host.process, warn }, heard),
    busy: async (task) => (await readNumber(sql(FREE, [task]))) === 0,
    async alive() {
      const row = await readRow(sql<Versions & { beat: number | null }>(ALIVE, [own, mark]))
      if (opened && (row.beat === null || row.beat < beat)) {
        opened = false
        back(
          `postgresInbox: schema ${schema} was put back to what it held before, while this process has it open: what it ran is left to the tables, and it starts again with what is there`,
        )
      } else beat = row.beat ?? 0
      return shutOut(layout, row)
    },
    fault: faultOf,
    refusal,
  }

  async function lanes(
    receiver: string,
    wanted: readonly (readonly string[])[],
  ): Promise<readonly LaneRow[]> {
    const name = storable(receiver)
    const names = wanted.flat()
    const stored = new Map(names.map((each) => [storable(each), each]))
    const read = async (run = sql): Promise<readonly RootedLane[]> =>
      (await run<RootedLane>(LANES, [name])).filter((row) => stored.has(row.name))
    let rows = await read()
    if (rows.length < stored.size || joinable(wanted, rows).length > 0)
      rows = await db.atomic(settings.deadline, async (within) => {
        await within(LOCK_ALL)
        const known = new Set((await read(within)).map((row) => row.name))
        await within(ADD_LANES, [
          name,
          texts([...stored.keys()].filter((each) => !known.has(each))),
        ])
        const all = await read(within)
        const joins = joinable(wanted, all)
        for (const { root, others } of joins) await within(JOIN_LANES, [name, root, ints(others)])
        if (joins.length > 0) await within(REROOT)
        return all
      })
    return rows.map(({ lane, name: each }) => ({ lane, receiver, name: stored.get(each)! }))
  }
}

function transactionOf(client: PgClient): PgTransaction {
  return { query: (text, values) => client.query({ text, ...(values && { values }) }), client }
}

interface RootedLane extends LaneRow {
  readonly root: number
}

/** Lanes of one subscription whose roots differ. */
function joinable(
  wanted: readonly (readonly string[])[],
  rows: readonly RootedLane[],
): readonly { readonly root: number; readonly others: readonly number[] }[] {
  const roots = new Map(rows.map(({ name, root }) => [name, root]))
  return wanted.flatMap((group) => {
    if (group.length === 1) return []
    const all = [...new Set(group.flatMap((name) => roots.get(storable(name)) ?? []))].sort(
      (a, b) => a - b,
    )
    return all.length > 1 ? { root: all[0]!, others: all.slice(1) } : []
  })
}

const ADD_PROCESS = `WITH p AS (
    INSERT INTO $.postern_processes AS p (id, name, version, mark, lease, started, seen)
    VALUES (nextval('$.postern_process_ids'), $1, $2, $3, $4, ${NOW}, ${NOW})
    ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, version = EXCLUDED.version, mark = EXCLUDED.mark, beat = 0, lease = EXCLUDED.lease, started = EXCLUDED.started, seen = EXCLUDED.seen
    RETURNING p.id)
  SELECT p.id AS n FROM p`
/** 0 if an open transaction holds the row. */
const FREE = `WITH t AS (SELECT id FROM $.postern_tasks WHERE id = $1::bigint FOR UPDATE SKIP LOCKED)
  SELECT ((SELECT count(*) FROM t) + CASE WHEN EXISTS (SELECT 1 FROM $.postern_tasks WHERE id = $1::bigint) THEN 0 ELSE 1 END)::int AS n`
