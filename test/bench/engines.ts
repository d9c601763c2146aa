import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createIds } from './ids.ts'
import { unique } from './inboxes.ts'

/** Engine that only stores deliveries, without the other duties of an inbox. */
export interface BareEngine {
  readonly name: string
  /** Stores `count` deliveries at once. Resolves when they are durable. */
  store(count: number): Promise<void>
  close(): Promise<void>
}

const nextId = createIds()

/** Inserts one row per delivery, all in one transaction. */
export async function bareSqlite(body: string): Promise<BareEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  const database = new DatabaseSync(join(folder, 'bare.db'))
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE task (id TEXT NOT NULL UNIQUE, body TEXT NOT NULL)',
  )
  const insert = database.prepare('INSERT INTO task VALUES (?, ?)')
  return {
    name: 'node:sqlite, INSERT',
    async store(count) {
      database.exec('BEGIN IMMEDIATE')
      for (let at = 0; at < count; at++) insert.run(nextId(), body)
      database.exec('COMMIT')
    },
    async close() {
      database.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Adds one job per delivery, all with one addBulk call. */
export async function bareBullmq(url: string, body: string): Promise<BareEngine> {
  const { Queue } = await import('bullmq')
  const { hostname, port } = new URL(url)
  const queue = new Queue('bare', {
    connection: { host: hostname, port: Number(port) },
    prefix: `{${unique()}}`,
  })
  await queue.waitUntilReady()
  return {
    name: 'bullmq, addBulk',
    async store(count) {
      await queue.addBulk(
        Array.from({ length: count }, () => ({
          name: 'task',
          data: { body },
          opts: { jobId: nextId() },
        })),
      )
    },
    close: () => queue.close(),
  }
}

/** Inserts one row per delivery, all with one INSERT, over the same client as the inbox. */
export async function barePostgres(connectionString: string, body: string): Promise<BareEngine> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString })
  await client.connect()
  const table = `${unique()}_task`
  await client.query(`CREATE TABLE ${table} (id text PRIMARY KEY, body text NOT NULL)`)
  return {
    name: 'pg, INSERT',
    async store(count) {
      const ids = Array.from({ length: count }, nextId)
      await client.query({
        name: 'store',
        text: `INSERT INTO ${table} SELECT id, $2 FROM unnest($1::text[]) AS i(id)`,
        values: [ids, body],
      })
    },
    close: () => client.end(),
  }
}
