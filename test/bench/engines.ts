import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Intake } from '@postern/core/inbox'
import { createIds } from './ids.ts'
import { unique } from './inboxes.ts'
import { inFlight, type Contender } from './parts/postgres.ts'

/** An engine used by itself: what an app would write that only stores what came. */
export interface BareEngine {
  /** What it is, as the table has it. */
  readonly name: string
  /** Stores this number in one go; resolves when they are durable. */
  store(count: number): Promise<void>
  close(): Promise<void>
}

const nextId = createIds()

/** One row each, a transaction around all. */
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

/** One job each, all with one addBulk. */
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

/** One row each, all with one INSERT, by the client that the inbox uses. */
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

/**
 * What an app would write that stores events with their bodies and a task each, runs them and settles them: one INSERT for a
 * batch, one UPDATE for a batch of ends.
 */
export async function byHandPostgres(connectionString: string, schema: string): Promise<Contender> {
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({ connectionString, max: 4 })
  await pool.query(`CREATE SCHEMA ${schema};
    CREATE TABLE ${schema}.events (id bigserial PRIMARY KEY, key text NOT NULL UNIQUE, topic text NOT NULL,
      received timestamptz NOT NULL DEFAULT now(), head text NOT NULL, body bytea NOT NULL);
    CREATE TABLE ${schema}.tasks (id bigserial PRIMARY KEY, event bigint NOT NULL, subscription text NOT NULL,
      state smallint NOT NULL, attempt int NOT NULL DEFAULT 0, due timestamptz NOT NULL DEFAULT now(), error text);
    CREATE INDEX ON ${schema}.tasks (subscription, due) WHERE state = 0`)
  const insert = `WITH e AS (
      INSERT INTO ${schema}.events (key, topic, head, body)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) ON CONFLICT (key) DO NOTHING RETURNING id)
    INSERT INTO ${schema}.tasks (event, subscription, state) SELECT id, 'a', 1 FROM e RETURNING id`
  const update = `UPDATE ${schema}.tasks SET state = 2, attempt = 1 WHERE id = ANY($1::bigint[])`
  let waiting: { readonly intake: Intake; readonly stored: () => void }[] = []
  let inserting = 0
  let ended: string[] = []
  let ending = false
  let left = 0
  let over = (): void => {}

  return {
    name: 'SQL by hand',
    async round(events) {
      left = events.length
      const done = new Promise<void>((resolve) => (over = resolve))
      await inFlight(
        events,
        (intake) =>
          new Promise<void>((stored) => {
            waiting.push({ intake, stored })
            if (waiting.length === 1) setImmediate(() => void store())
          }),
      )
      await done
    },
    close: () => pool.end(),
  }

  async function store(): Promise<void> {
    if (inserting >= 2 || waiting.length === 0) return
    const batch = waiting
    waiting = []
    inserting++
    const { rows } = await pool.query<{ id: string }>({
      name: 'insert',
      text: insert,
      values: [
        batch.map(({ intake }) => intake.items[0]!.event.key),
        batch.map(({ intake }) => intake.items[0]!.event.topic),
        batch.map(({ intake: { delivery } }) => {
          const { method, url, headers } = delivery
          return JSON.stringify({ method, url, headers })
        }),
        batch.map(({ intake }) => intake.delivery.body),
      ],
    })
    inserting--
    for (const { stored } of batch) stored()
    for (const { id } of rows) ended.push(id)
    setImmediate(() => void store())
    setImmediate(() => void end())
  }

  async function end(): Promise<void> {
    if (ending || ended.length === 0) return
    ending = true
    const ids = ended
    ended = []
    await pool.query({ name: 'end', text: update, values: [ids] })
    ending = false
    left -= ids.length
    if (left === 0) over()
    else setImmediate(() => void end())
  }
}
