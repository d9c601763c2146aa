import { renameSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'
import { startProxy } from '../../../packages/bullmq/test/proxy.ts'
import { ids, type App, type FaultClass, type FaultInbox, type Scene } from './scene.ts'

// Longer than the deadline of a delivery and the lease.
const FAULT = 6000

/** What a store suffers: it begins, and what is returned ends it. */
type Suffered = (scene: Scene) => Promise<() => unknown>

const suffered: readonly {
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
      // It is looked at with each connection, and once a minute.
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
    name: 'another locks the tables',
    inbox: 'postgres',
    told: /did not answer|lock/,
    async begin({ store }) {
      const db = new pg.Client(store)
      await db.connect()
      await db.query('BEGIN; LOCK TABLE postern_events, postern_tasks IN ACCESS EXCLUSIVE MODE')
      return async () => {
        await db.query('ROLLBACK')
        await db.end()
      }
    },
  },
  ...(['bullmq', 'postgres'] as const).map((inbox) => ({
    name: 'its sessions are ended again and again',
    inbox,
    told: /./,
    async begin({ store }: Scene) {
      const kill = (): Promise<unknown> =>
        inbox === 'bullmq'
          ? inRedis(store, (client) =>
              client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
            )
          : inPostgres(
              store,
              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
            )
      const timer = setInterval(() => void kill().catch(() => {}), 500)
      return () => clearInterval(timer)
    },
  })),
]

/** Faults of what an inbox stands on, while deliveries come and tasks run. */
export const storeFaults: readonly FaultClass[] = [
  ...[...new Set(suffered.map(({ name }) => name))].map((name): FaultClass => {
    const rows = suffered.filter((row) => row.name === name)
    return {
      name,
      inboxes: rows.map(({ inbox }) => inbox),
      told: Object.fromEntries(rows.map(({ inbox, told }) => [inbox, told])),
      play: (scene) => suffer(scene, rows.find(({ inbox }) => inbox === scene.inbox)!.begin),
    }
  }),
  {
    name: 'half-open lines',
    inboxes: ['bullmq', 'postgres'],
    told: { bullmq: /Redis/, postgres: /did not answer|connection/ },
    async play(scene) {
      const way = new URL(scene.store)
      const proxy = await startProxy(Number(way.port))
      scene.later(() => proxy.stop())
      way.port = new URL(proxy.url).port
      return suffer(
        scene,
        async () => {
          proxy.swallow()
          return () => {}
        },
        await scene.start({ store: way.href }),
      )
    },
  },
  {
    name: 'the file is replaced',
    inboxes: ['sqlite'],
    told: /was (replaced|deleted or renamed)/,
    async play(scene) {
      const app = await scene.start()
      await scene.deliver(app, 'quick', ids('before', 20))
      for (const end of ['', '-wal', '-shm'])
        renameSync(scene.store + end, `${scene.store}.away${end}`)
      await scene.deliver(app, 'quick', ids('during', 20), 3000)
      await scene.health(app)
      app.kill('SIGKILL')
      await app.ended
      for (const end of ['', '-wal', '-shm'])
        renameSync(`${scene.store}.away${end}`, scene.store + end)
      const next = await scene.start()
      scene.over()
      await scene.deliver(next, 'quick', ids('after', 20))
      return next
    },
  },
  {
    name: 'an odd row beside healthy ones of a process that died',
    inboxes: ['sqlite', 'bullmq', 'postgres'],
    told: /cannot be read|unread|not what Postern stored|JSON/i,
    dies: ['slow'],
    async play(scene) {
      const [first, second] = [await scene.start(), await scene.start()]
      await scene.deliver(first, 'slow', ['odd'])
      await scene.deliver(first, 'keyed', ids('k', 8))
      await scene.until('it runs', () => scene.lines().some((line) => line === 'run slow odd'))
      await spoil(scene)
      first.kill('SIGKILL')
      await first.ended
      scene.over()
      await scene.deliver(second, 'quick', ids('after', 20))
      await scene.until('it is told', () =>
        /cannot be read|unread|not what|JSON/i.test(scene.said()),
      )
      return second
    },
  },
  {
    name: 'deadlocks of the rows of the app',
    inboxes: ['postgres'],
    whole: true,
    async play(scene) {
      await inPostgres(
        scene.store,
        'CREATE TABLE app_rows (id int PRIMARY KEY, n int NOT NULL)',
        'INSERT INTO app_rows VALUES (1, 0), (2, 0)',
      )
      const app = await scene.start()
      await scene.deliver(app, 'pair', ids('pair', 60))
      scene.over()
      return app
    },
  },
]

async function suffer(scene: Scene, begin: Suffered, given?: App): Promise<App> {
  const app = given ?? (await scene.start())
  await scene.deliver(app, 'quick', ids('before', 20))
  await scene.deliver(app, 'slow', ids('slow', 8))
  await scene.deliver(app, 'flaky', ids('retry', 8))
  await scene.note(app)
  const end = await begin(scene)
  const during = scene.deliver(app, 'quick', ids('during', 50))
  await sleep(FAULT)
  await scene.health(app)
  await end()
  scene.over()
  await during
  await scene.deliver(app, 'quick', ids('after', 20))
  return app
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

async function spoil({ inbox, store }: Scene): Promise<void> {
  if (inbox === 'sqlite') {
    const db = new DatabaseSync(store)
    db.exec(
      "PRAGMA busy_timeout = 5000; UPDATE postern_events SET record = '{' WHERE event_id = 'odd' OR key LIKE '%odd'",
    )
    return db.close()
  }
  if (inbox === 'postgres')
    return inPostgres(store, "UPDATE postern_events SET record = '{' WHERE event_id = 'odd'")
  await inRedis(store, async (client) => {
    for (const key of await client.keys('{postern}:event:*'))
      if ((await client.hget(key, 'i'))?.includes('"odd"') === true)
        await client.hset(key, 'e', '{')
  })
}

async function inRedis<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url)
  try {
    return await use(client)
  } finally {
    client.disconnect()
  }
}

async function inPostgres(url: string, ...statements: readonly string[]): Promise<void> {
  const db = new pg.Client(url)
  await db.connect()
  for (const statement of statements) await db.query(statement)
  await db.end()
}
