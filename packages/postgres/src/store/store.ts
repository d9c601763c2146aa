import { hostname } from 'node:os'
import {
  settledBy,
  shutOut,
  type ClaimRow,
  type LaneRow,
  type Store,
  type TaskRow,
  type Turn,
  type Versions,
} from '@postern/core/inbox'
import type { Settings } from '../settings.ts'
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
import { createDatabase } from './connection.ts'
import { faultOf, refusal } from './errors.ts'
import { guestSql } from './guest.ts'
import { hearTasks } from './listen.ts'
import { layoutOf, migrateTables, type TablesLayout } from './migrate.ts'
import type { PgClient, PgTransaction } from './pg.ts'
import { createRows, lockLines } from './rows.ts'

/** Makes the store: rows in tables `postern_*` of a schema. */
export function createStore(
  settings: Settings,
  warn: (message: string) => void,
  layout: TablesLayout = layoutOf(settings.schema),
): Store {
  const { schema, lease } = settings
  const db = createDatabase(settings, warn)
  const { sql } = db
  const channel = `postern_${schema}`
  const host = { lease, channel, process: () => String(own) }
  let own = 0
  let opened = false

  return {
    ...createRows(sql, host),
    ...createViewed(db, settings),
    ...createJournaled(db, settings),
    name: 'postgresInbox',
    get opened() {
      return opened
    },
    async open() {
      await migrateTables(db, layout, settings)
      const [row] = await sql(ADD_PROCESS, [`${hostname()}:${process.pid}`, layout.steps.length])
      own = row!['id'] as number
      opened = true
      return own
    },
    async close(until) {
      // Without it, it counts as living for a minute.
      if (opened) await settledBy(sql(LEAVE, [own]), until)
      await db.close(until)
    },
    block: async () =>
      (await sql("SELECT nextval('$.postern_numbers')::float8 AS n"))[0]!['n'] as number,
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
    everyLane: async () => (await sql(EVERY_LANE)) as unknown as readonly LaneRow[],
    claim: async (wishes, most, suspect, token) =>
      (await sql(CLAIM, [
        ints(wishes.map(({ lane }) => lane)),
        ints(wishes.map(({ room }) => room)),
        ints(wishes.map(({ now }) => now)),
        most,
        suspect ? 1 : 0,
        token,
        lease,
      ])) as unknown as readonly ClaimRow[],
    async renew(held) {
      const rows = await sql(RENEW, [
        ints(held.map(({ id }) => id)),
        ints(held.map(({ token }) => token)),
        lease,
      ])
      return new Set(rows.map((row) => row['id'] as number))
    },
    ended: async (all, held) =>
      (await sql(ENDED, [ints(all), ints(held), lease])) as unknown as readonly TaskRow[],
    waiting: async (all) =>
      (await sql(WAITING, [ints(all)])) as unknown as readonly { lane: number; suspect: boolean }[],
    async stuck(all) {
      const rows = [...(await sql(REROOT)), ...(await sql(STUCK, [ints(all)]))]
      return [...new Set(rows.map((row) => row['line'] as number))]
    },
    load: async (ids) => (await sql(LOAD, [ints(ids)])) as unknown as readonly ClaimRow[],
    async rest(all) {
      const [row] = await sql(REST, [ints(all)])
      const { left, next } = row as { readonly left: number; readonly next: number | null }
      return { left, next: next === null ? undefined : Math.max(0, next) }
    },
    pending: async (receiver, most) =>
      (await sql(PENDING, [storable(receiver), most]))[0]!['n'] as number,
    backlog: async (keys) =>
      (await sql(BACKLOG, [
        ints(keys.map(({ lane }) => lane)),
        texts(keys.map(({ fair }) => storable(fair))),
      ])) as unknown as readonly Turn[],
    clock: async () => (await sql(`SELECT ${NOW}::float8 AS now`))[0]!['now'] as number,
    listen: (heard) => hearTasks({ db, channel, process: host.process, warn }, heard),
    busy: async (task) => (await sql(FREE, [task]))[0]!['n'] === 0,
    async alive() {
      const [versions] = await sql(ALIVE, [own])
      return shutOut(layout, versions as unknown as Versions)
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
      ((await run(LANES, [name])) as unknown as readonly RootedLane[]).filter((row) =>
        stored.has(row.name),
      )
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
    INSERT INTO $.postern_processes AS p (id, name, version, started, seen)
    VALUES (nextval('$.postern_process_ids'), $1, $2, ${NOW}, ${NOW})
    ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, version = EXCLUDED.version, started = EXCLUDED.started, seen = EXCLUDED.seen
    RETURNING p.id)
  SELECT p.id FROM p`
/** 0 if an open transaction holds the row. */
const FREE = `WITH t AS (SELECT id FROM $.postern_tasks WHERE id = $1::bigint FOR UPDATE SKIP LOCKED)
  SELECT ((SELECT count(*) FROM t) + CASE WHEN EXISTS (SELECT 1 FROM $.postern_tasks WHERE id = $1::bigint) THEN 0 ELSE 1 END)::int AS n`
