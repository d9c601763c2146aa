import { DatabaseSync } from 'node:sqlite'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import pg from 'pg'
import type { FaultInbox, Scene } from './class.ts'
import { asAdmin, inMysql, inPostgres, inRedis } from './engines.ts'

/** Fault of a store. A call starts the fault and returns a function that ends it. */
export type Suffered = (scene: Scene) => Promise<() => unknown>

/** Faults of stores that last some seconds. */
export const suffered: readonly {
  readonly name: string
  readonly inbox: FaultInbox
  readonly told: RegExp
  readonly begin: Suffered
}[] = [
  {
    name: 'another holds the write lock',
    inbox: 'sqlite',
    told: /locked/,
    async begin({ store }) {
      const db = new DatabaseSync(store)
      db.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE')
      return () => {
        db.exec('ROLLBACK')
        db.close()
      }
    },
  },
  {
    name: 'out of memory',
    inbox: 'bullmq',
    told: /memory/,
    begin: (scene) => config(scene, 'maxmemory', '1mb', '0'),
  },
  {
    name: 'a policy that evicts',
    inbox: 'bullmq',
    told: /maxmemory-policy is allkeys-lru/,
    async begin(scene) {
      const end = await config(scene, 'maxmemory-policy', 'allkeys-lru', 'noeviction')
      // Disconnects the clients, because the inbox reads this setting only when it connects and once a minute.
      await inRedis(scene.store, (client) =>
        client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
      )
      return end
    },
  },
  {
    name: 'read-only',
    inbox: 'bullmq',
    told: /replica|READONLY|read.only/,
    async begin({ store }) {
      await inRedis(store, (client) => client.replicaof('127.0.0.1', 1))
      return () => inRedis(store, (client) => client.replicaof('NO', 'ONE'))
    },
  },
  {
    name: 'read-only',
    inbox: 'postgres',
    told: /read-only/,
    async begin({ store }) {
      await inPostgres(
        store,
        'ALTER SYSTEM SET default_transaction_read_only = on',
        'SELECT pg_reload_conf()',
      )
      return () =>
        inPostgres(
          store,
          'SET default_transaction_read_only = off',
          'ALTER SYSTEM RESET default_transaction_read_only',
          'SELECT pg_reload_conf()',
        )
    },
  },
  {
    name: 'read-only',
    inbox: 'mysql',
    told: /read-only/,
    async begin({ store }) {
      await inMysql(asAdmin(store), 'SET GLOBAL read_only = ON')
      return () => inMysql(asAdmin(store), 'SET GLOBAL read_only = OFF')
    },
  },
  {
    name: 'another locks the tables',
    inbox: 'mysql',
    told: /did not answer|lock/,
    async begin({ store }) {
      const db = await createConnection(store)
      await db.query('LOCK TABLES postern_events WRITE, postern_tasks WRITE')
      return () => db.end()
    },
  },
  {
    name: 'another locks the tables',
    inbox: 'postgres',
    told: /did not answer|lock/,
    async begin({ store }) {
      const db = new pg.Client(store)
      db.on('error', () => {})
      await db.connect()
      await db.query('BEGIN; LOCK TABLE postern_events, postern_tasks IN ACCESS EXCLUSIVE MODE')
      return async () => {
        await db.query('ROLLBACK')
        await db.end()
      }
    },
  },
  ...(['bullmq', 'postgres', 'mysql'] as const).map((inbox) => ({
    name: 'its sessions are ended again and again',
    inbox,
    told: /./,
    async begin({ store }: Scene) {
      const kill = (): Promise<unknown> =>
        inbox === 'bullmq'
          ? inRedis(store, (client) =>
              client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
            )
          : inbox === 'mysql'
            ? endSessions(store)
            : inPostgres(
                store,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
              )
      const timer = setInterval(() => void kill().catch(() => {}), 500)
      return () => clearInterval(timer)
    },
  })),
]

async function endSessions(url: string): Promise<void> {
  const db = await createConnection(url)
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()',
  )
  // The connection may already have ended.
  for (const row of rows) await db.query(`KILL ${row['id']}`).catch(() => {})
  await db.end()
}

async function config(
  scene: Scene,
  name: string,
  value: string,
  before: string,
): Promise<() => unknown> {
  await inRedis(scene.store, (client) => client.config('SET', name, value))
  return () => inRedis(scene.store, (client) => client.config('SET', name, before))
}
