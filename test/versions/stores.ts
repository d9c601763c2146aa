import { DatabaseSync } from 'node:sqlite'
import type { Inbox, LayoutStep } from '@postern/core/inbox'
import { Redis } from 'ioredis'
import pg from 'pg'
import { openClient } from '../../packages/bullmq/src/store/connection.ts'
import { openInbox as openBullmq } from '../../packages/bullmq/src/inbox.ts'
import * as keys from '../../packages/bullmq/src/store/schema.ts'
import { checkSettings as bullmqSettings } from '../../packages/bullmq/src/settings.ts'
import { openInbox as openPostgres } from '../../packages/postgres/src/inbox.ts'
import { checkSettings as postgresSettings } from '../../packages/postgres/src/settings.ts'
import { STEPS as TABLES } from '../../packages/postgres/src/sql/schema.ts'
import { createDatabase } from '../../packages/postgres/src/store/connection.ts'
import * as tables from '../../packages/postgres/src/store/migrate.ts'
import { openFile } from '../../packages/sqlite/src/driver/node.ts'
import { openInbox as openSqlite } from '../../packages/sqlite/src/inbox.ts'
import { checkSettings as sqliteSettings } from '../../packages/sqlite/src/settings.ts'
import { STEPS as FILE } from '../../packages/sqlite/src/sql/tables.ts'
import * as file from '../../packages/sqlite/src/store/schema.ts'
import type { DurableName } from '../services/inboxes.ts'

type Steps = readonly LayoutStep<string>[]

/** What a released store holds, as text that can be read in a change. */
export interface Dump {
  /** Statements that make its tables; none for Redis. */
  readonly schema: readonly string[]
  /** Rows by table, or keys with their type and value. */
  readonly rows: Readonly<Record<string, unknown>>
}

/** A store whose layout tests may change. */
export interface VersionedStore {
  /** The steps of the package. */
  readonly steps: Steps
  /** An invented step: each event gets a note of its topic. */
  readonly note: string
  /** How many events have the note. */
  readonly noted: (store: string) => Promise<number>
  readonly open: (store: string, steps: Steps) => Inbox
  /** As `postern inbox migrate --force`. */
  readonly force: (store: string, steps: Steps) => Promise<void>
  readonly dump: (store: string) => Promise<Dump>
  readonly fill: (store: string, dump: Dump) => Promise<void>
}

// Fixtures grow old: nothing of them may be forgotten.
const COMMON = { lease: '3s', window: '36500d', keepDone: '36500d', keepDead: '36500d' } as const

/** Every durable inbox. */
export const stores: Readonly<Record<DurableName, VersionedStore>> = {
  sqlite: {
    steps: FILE,
    note: "ALTER TABLE postern_events ADD COLUMN note TEXT; UPDATE postern_events SET note = 'on ' || topic",
    noted: async (path) =>
      inFile(path, (db) => count(db.prepare('SELECT count(note) AS n FROM postern_events').get())),
    open: (path, steps) =>
      openSqlite(sqliteSettings({ path, ...COMMON, pollInterval: 20 }), file.layoutOf(path, steps)),
    async force(path, steps) {
      const layout = file.layoutOf(path, steps)
      openFile(path, (db, life) => void file.migrate(db, life, layout, true)).close()
    },
    dump: async (path) =>
      inFile(path, (db) => {
        const made = db
          .prepare("SELECT name, type, sql FROM sqlite_schema WHERE name LIKE 'postern%'")
          .all() as { name: string; type: string; sql: string }[]
        const names = made.flatMap(({ name, type }) => (type === 'table' ? name : []))
        return {
          schema: made.map(({ sql }) => sql),
          rows: Object.fromEntries(
            names.map((name) => [name, db.prepare(`SELECT * FROM ${name}`).all().map(packed)]),
          ),
        }
      }),
    fill: async (path, { schema, rows }) =>
      inFile(path, (db) => {
        db.exec('PRAGMA journal_mode = WAL')
        for (const sql of schema) db.exec(sql)
        for (const [table, all] of Object.entries(rows))
          for (const row of all as Row[]) {
            const values = Object.values(unpacked(row)) as never[]
            const places = values.map(() => '?').join()
            db.prepare(`INSERT INTO ${table} (${Object.keys(row).join()}) VALUES (${places})`).run(
              ...values,
            )
          }
      }),
  },
  postgres: {
    steps: TABLES,
    note: "ALTER TABLE $.postern_events ADD COLUMN note text; UPDATE $.postern_events SET note = 'on ' || topic",
    noted: (url) =>
      inDatabase(url, async (db) =>
        count((await db.query('SELECT count(note)::int AS n FROM postern_events')).rows[0]),
      ),
    open: (url, steps) =>
      openPostgres(
        postgresSettings({ connectionString: url, ...COMMON, pollInterval: 20 }),
        tables.layoutOf('public', steps),
      ),
    async force(url, steps) {
      const settings = postgresSettings({ connectionString: url })
      const db = createDatabase(settings, () => {})
      await tables.migrate(db, tables.layoutOf('public', steps), { migrate: true, force: true })
      await db.close(Date.now() + 5000)
    },
    dump: (url) =>
      inDatabase(url, async (db) => {
        const { rows: names } = await db.query<{ name: string }>(
          "SELECT tablename AS name FROM pg_tables WHERE tablename LIKE 'postern%' ORDER BY 1",
        )
        const { rows: sequences } = await db.query<{ name: string; last: string | null }>(
          "SELECT sequencename AS name, last_value AS last FROM pg_sequences WHERE sequencename LIKE 'postern%' ORDER BY 1",
        )
        const all: Record<string, unknown> = {}
        for (const { name } of names)
          all[name] = (
            await db.query<{ row: unknown }>(`SELECT to_json(t) AS row FROM ${name} t`)
          ).rows.map(({ row }) => row)
        for (const { name, last } of sequences) if (last !== null) all[name] = Number(last)
        return { schema: [tables.printed(tables.layoutOf('public', TABLES), 0)], rows: all }
      }),
    fill: (url, { schema, rows }) =>
      inDatabase(url, async (db) => {
        for (const sql of schema) await db.query(sql)
        await db.query('DELETE FROM postern_schema')
        for (const [name, value] of Object.entries(rows))
          if (typeof value === 'number') await db.query('SELECT setval($1, $2)', [name, value])
          else
            await db.query(
              `INSERT INTO ${name} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::${name}, $1)`,
              [JSON.stringify(value)],
            )
      }),
  },
  bullmq: {
    steps: keys.STEPS,
    // In pieces, as a step over many keys has to be.
    note: `
      local index, at, prefix = KEYS[1] .. ':index', tonumber(ARGV[1]) or 0, KEYS[1]
      local names = redis.call('ZRANGE', index, at, at + 1)
      for _, name in ipairs(names) do redis.call('HSET', prefix .. ':event:' .. name, 'note', 'on') end
      return #names == 0 and '' or tostring(at + 2)`,
    noted: (url) =>
      inRedis(url, async (client) => {
        const events = await client.keys('{postern}:event:*')
        const notes = await Promise.all(events.map((key) => client.hexists(key, 'note')))
        return notes.filter((note) => note === 1).length
      }),
    open: (url, steps) =>
      openBullmq(bullmqSettings({ connection: url, ...COMMON }), keys.layoutOf('{postern}', steps)),
    async force(url, steps) {
      const client = openClient(url, 5000)
      await new Promise((resolve) => client.once('ready', resolve))
      const joined = keys.joinKeys(client, '{postern}', keys.layoutOf('{postern}', steps), () => {})
      await joined.migrate(true)
      await joined.leave()
      client.disconnect()
    },
    dump: (url) =>
      inRedis(url, async (client) => {
        const rows: Record<string, unknown> = {}
        for (const key of (await client.keys('*')).toSorted()) {
          const type = await client.type(key)
          const read = READ[type]
          // BullMQ's own streams of what happened hold nothing.
          if (read) rows[key] = [type, (await client.callBuffer(...read(key))) as never].map(text)
        }
        return { schema: [], rows }
      }),
    fill: (url, { rows }) =>
      inRedis(url, async (client) => {
        for (const [key, value] of Object.entries(rows)) {
          const [type, all] = value as [string, string | (string | string[])[]]
          const values = [all].flat(2).map((one) => Buffer.from(one, 'latin1'))
          // Scores come behind their members.
          const given =
            type === 'zset'
              ? values.map((_, at) => values[at % 2 === 0 ? at + 1 : at - 1]!)
              : values
          if (given.length > 0) await client.callBuffer(WRITE[type]!, key, ...given)
        }
      }),
  },
}

const READ: Readonly<Record<string, (key: string) => [string, ...string[]]>> = {
  string: (key) => ['GET', key],
  hash: (key) => ['HGETALL', key],
  list: (key) => ['LRANGE', key, '0', '-1'],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
}
const WRITE: Readonly<Record<string, string>> = {
  string: 'SET',
  hash: 'HSET',
  list: 'RPUSH',
  set: 'SADD',
  zset: 'ZADD',
}

type Row = Record<string, unknown>

/** Bytes as text. */
function packed(row: Row): Row {
  return mapped(row, (value) =>
    value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value,
  )
}

function unpacked(row: Row): Row {
  return mapped(row, (value) =>
    typeof value === 'object' && value !== null && 'base64' in value
      ? Buffer.from(String(value.base64), 'base64')
      : value,
  )
}

function mapped(row: Row, change: (value: unknown) => unknown): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, change(value)]))
}

function text(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(text)
  return Buffer.isBuffer(reply) ? reply.toString('latin1') : reply
}

function count(row: unknown): number {
  return (row as { readonly n: number }).n
}

function inFile<T>(path: string, use: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path)
  try {
    return use(db)
  } finally {
    db.close()
  }
}

async function inDatabase<T>(url: string, use: (db: pg.Client) => Promise<T>): Promise<T> {
  const db = new pg.Client(url)
  await db.connect()
  try {
    return await use(db)
  } finally {
    await db.end()
  }
}

async function inRedis<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { replyMapping: 'legacy' })
  try {
    return await use(client)
  } finally {
    client.disconnect()
  }
}
