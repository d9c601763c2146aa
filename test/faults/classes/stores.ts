import { renameSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProxy, type Proxy } from '../../../packages/bullmq/test/proxy.ts'
import { ids, type App, type FaultClass, type Scene } from './class.ts'
import { inRedis, inServer } from './engines.ts'
import { suffered, type Suffered } from './suffered.ts'

// Duration of a fault in milliseconds. It is longer than the lease and the deadline of a delivery.
const FAULT = 6000

/** Faults of an inbox's store during deliveries and tasks. */
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
    inboxes: ['bullmq', 'postgres', 'mysql'],
    told: {
      bullmq: /Redis/,
      postgres: /did not answer|connection/,
      mysql: /did not answer|connection/,
    },
    async play(scene) {
      const { proxy, url } = await wayTo(scene, scene.store)
      return suffer(
        scene,
        async () => {
          proxy.swallow()
          return () => {}
        },
        await scene.start({ store: url }),
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
    inboxes: ['sqlite', 'bullmq', 'postgres', 'mysql'],
    told: /cannot be read|unread|not what Postern stored|JSON/i,
    dies: ['slow'],
    async play(scene) {
      // Uses a single app, so that no other process reads the event before it is damaged.
      const first = await scene.start()
      await scene.deliver(first, 'slow', ['odd'])
      await scene.deliver(first, 'keyed', ids('k', 8))
      await scene.until('it runs', () => scene.lines().some((line) => line === 'run slow odd'))
      first.kill('SIGKILL')
      await first.ended
      await spoil(scene)
      const second = await scene.start()
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
    inboxes: ['postgres', 'mysql'],
    whole: true,
    async play(scene) {
      await inServer(
        scene,
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

/** Causes a fault during deliveries, retries and slow tasks. */
export async function suffer(scene: Scene, begin: Suffered, given?: App): Promise<App> {
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

/** Starts a proxy in front of a server. Returns the URL of the proxy. */
export async function wayTo(
  scene: Scene,
  server: string,
): Promise<{ readonly proxy: Proxy; readonly url: string }> {
  const way = new URL(server)
  const proxy = await startProxy(Number(way.port))
  scene.later(() => proxy.stop())
  way.port = new URL(proxy.url).port
  return { proxy, url: way.href }
}

async function spoil({ inbox, store }: Scene): Promise<void> {
  if (inbox === 'sqlite') {
    const db = new DatabaseSync(store)
    db.exec(
      "PRAGMA busy_timeout = 5000; UPDATE postern_events SET record = '{' WHERE event_id = 'odd' OR key LIKE '%odd'",
    )
    return db.close()
  }
  if (inbox === 'postgres' || inbox === 'mysql') {
    const broken = inbox === 'postgres' ? "record = '{'" : "packed = 'x'"
    return inServer({ inbox, store }, `UPDATE postern_events SET ${broken} WHERE event_id = 'odd'`)
  }
  await inRedis(store, async (client) => {
    for (const key of await client.keys('{postern}:event:*'))
      if ((await client.hget(key, 'i'))?.includes('"odd"') === true)
        await client.hset(key, 'e', '{')
  })
}
