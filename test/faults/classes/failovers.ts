import { execFileSync } from 'node:child_process'
import { cpSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startProxy } from '../../../packages/bullmq/test/proxy.ts'
import { smallDisk } from '../../../packages/sqlite/test/disk.ts'
import { startPostgres, startStandby, unprivileged } from '../../services/postgres.ts'
import { startProcess } from '../../services/process.ts'
import { redisServer } from '../../services/programs.ts'
import { startRedis } from '../../services/redis.ts'
import { freePort, removeFolder, temporaryFolder } from '../../services/temporary.ts'
import type { FaultClass, Scene } from './class.ts'
import { inPostgres, inRedis } from './engines.ts'
import { suffer } from './stores.ts'

const noDisk = whyNoDisk()
if (noDisk !== undefined) console.log(`pg_wal cannot be filled here: ${noDisk}`)

/** Faults of servers that another one follows, or that must stop by themselves. */
export const failovers: readonly FaultClass[] = [
  {
    name: 'a failover by Sentinel',
    inboxes: ['bullmq'],
    told: /Redis/,
    async play(scene) {
      const { hostname, port } = new URL(scene.store)
      for (let replicas = 0; replicas < 2; replicas++) {
        const replica = await startRedis({ replicaof: `${hostname} ${port}` })
        scene.later(() => replica.stop())
      }
      const sentinels = [{ host: hostname, port: await startSentinel(scene, hostname, port) }]
      const app = await scene.start({
        settings: { connection: { sentinels, name: 'shop' }, replicas: { wait: 1 } },
      })
      return suffer(
        scene,
        async () => {
          await inRedis(scene.store, async (primary) => {
            primary.on('error', () => {})
            // What is settled is known to both before it is gone.
            await primary.set('last', '1')
            await primary.wait(2, 5000)
            await primary.shutdown('NOSAVE').catch(() => {})
          })
          return () => {}
        },
        app,
      )
    },
  },
  {
    name: 'a server in recovery, then promoted',
    inboxes: ['postgres'],
    told: /read-only|recovery/,
    async play(scene) {
      const primary = await startPostgres()
      scene.later(() => primary.stop())
      const standby = await startStandby(primary)
      scene.later(() => standby.stop())
      await inPostgres(
        primary.url,
        "ALTER SYSTEM SET synchronous_standby_names = '*'",
        'SELECT pg_reload_conf()',
      )
      const proxy = await startProxy(primary.port)
      scene.later(() => proxy.stop())
      const way = new URL(primary.url)
      way.port = new URL(proxy.url).port
      return suffer(
        scene,
        async () => {
          proxy.toward(standby.port)
          return () => inPostgres(standby.url, 'SELECT pg_promote()')
        },
        await scene.start({ store: way.href }),
      )
    },
  },
  {
    name: 'a full pg_wal',
    inboxes: noDisk === undefined ? ['postgres'] : [],
    told: /No space left|connection|starting up|recovery/,
    async play(scene) {
      const server = await startPostgres()
      scene.later(() => server.stop())
      await server.down()
      const wal = join(server.data, 'pg_wal')
      const disk = smallDisk('100m')
      scene.later(() => disk.remove())
      const own = join(disk.folder, 'wal')
      cpSync(wal, own, { recursive: true })
      const user = unprivileged()
      if (user) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, disk.folder])
      renameSync(wal, `${wal}.before`)
      symlinkSync(own, wal)
      await server.up()
      const filler = join(disk.folder, 'filler')
      return suffer(
        scene,
        async () => {
          try {
            for (const size of [2 ** 20, 2 ** 12])
              for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' })
          } catch {
            // It is full.
          }
          const timer = setInterval(
            () => void inPostgres(server.url, 'SELECT pg_switch_wal()').catch(() => {}),
            100,
          )
          await scene.until('the server panics', () =>
            inPostgres(server.url, 'SELECT pg_switch_wal()').then(
              () => false,
              (error: unknown) => /terminat|ended|starting up|recovery|REFUSED/.test(String(error)),
            ),
          )
          return async () => {
            clearInterval(timer)
            rmSync(filler)
            await server.down()
            await server.up()
          }
        },
        await scene.start({ store: server.url }),
      )
    },
  },
]

/** Starts a Sentinel that watches a Redis as `shop`. Returns its port. */
async function startSentinel(scene: Scene, host: string, port: string): Promise<number> {
  const folder = await temporaryFolder('sentinel')
  const own = await freePort()
  const file = join(folder, 'sentinel.conf')
  writeFileSync(
    file,
    `port ${own}
bind 127.0.0.1
dir ${folder}
sentinel monitor shop ${host} ${port} 1
sentinel down-after-milliseconds shop 500
sentinel failover-timeout shop 2000
`,
  )
  const sentinel = await startProcess(redisServer.file!, [file, '--sentinel'], {
    ready: /\+slave slave/,
  })
  scene.later(async () => {
    sentinel.kill('SIGKILL')
    await sentinel.ended
    await removeFolder(folder)
  })
  return own
}

function whyNoDisk(): string | undefined {
  try {
    smallDisk().remove()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
