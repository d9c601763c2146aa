import { execFileSync } from 'node:child_process'
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { smallDisk } from '../../../packages/sqlite/test/disk.ts'
import { startMariadb } from '../../services/mariadb.ts'
import { startPostgres, startStandby } from '../../services/postgres.ts'
import { startProcess } from '../../services/process.ts'
import { redisServer } from '../../services/programs.ts'
import { startRedis } from '../../services/redis.ts'
import { freePort, removeFolder, temporaryFolder } from '../../services/temporary.ts'
import type { FaultClass, Scene } from './class.ts'
import { asAdmin, inMysql, inPostgres, inRedis } from './engines.ts'
import { suffer, wayTo } from './stores.ts'

const noDisk = whyNoDisk()
if (noDisk !== undefined) console.log(`no disk can be filled here: ${noDisk}`)

/** Faults of a server with a replica, and faults that require a restart of the server. */
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
            // Waits until both replicas have the completed tasks, before the primary dies.
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
      const { proxy, url } = await wayTo(scene, primary.url)
      return suffer(
        scene,
        async () => {
          proxy.toward(standby.port)
          return () => inPostgres(standby.url, 'SELECT pg_promote()')
        },
        await scene.start({ store: url }),
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
      const fill = toSmallDisk(scene, join(server.data, 'pg_wal'), '100m')
      await server.up()
      return suffer(
        scene,
        async () => {
          const empty = fill()
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
            empty()
            await server.down()
            await server.up()
          }
        },
        await scene.start({ store: server.url }),
      )
    },
  },
  {
    name: 'a read-only replica, then promoted',
    inboxes: ['mysql'],
    told: /read-only/,
    async play(scene) {
      // Semi-synchronous replication: the replica stores every acknowledged event and outcome before the client gets a
      // reply.
      const primary = await startMariadb({
        args: [
          '--server-id=1',
          '--log-bin',
          '--rpl-semi-sync-master-wait-point=AFTER_SYNC',
          '--rpl-semi-sync-master-timeout=60000',
        ],
      })
      scene.later(() => primary.stop())
      // From here on, each statement waits for a replica. The users are created before, because no replica exists yet.
      await inMysql(asAdmin(primary.url), 'SET GLOBAL rpl_semi_sync_master_enabled = ON')
      const replica = await startMariadb({
        args: ['--server-id=2', '--read-only=ON', '--rpl-semi-sync-slave-enabled=ON'],
      })
      scene.later(() => replica.stop())
      const admin = asAdmin(replica.url)
      await inMysql(
        admin,
        `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${primary.port}, MASTER_USER = 'postern', MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos`,
        'START SLAVE',
      )
      await scene.until('the replica follows', async () => {
        const [clients] = await inMysql(
          primary.url,
          "SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'",
        )
        return clients!['Value'] === '1'
      })
      const { proxy, url } = await wayTo(scene, primary.url)
      return suffer(
        scene,
        async () => {
          proxy.toward(replica.port)
          await primary.down()
          return async () => {
            const [status] = await inMysql(admin, 'STOP SLAVE IO_THREAD', 'SHOW SLAVE STATUS')
            await inMysql(
              admin,
              `SELECT MASTER_GTID_WAIT('${status!['Gtid_IO_Pos']}')`,
              'STOP SLAVE',
              'SET GLOBAL read_only = OFF',
            )
          }
        },
        await scene.start({ store: url }),
      )
    },
  },
  fullDisk('a full disk', false),
  fullDisk('a full disk that ends the server', true),
]

/** Fills the disk of a MariaDB. Deliveries then fill its tables until the app's logs report it. */
function fullDisk(name: string, dies: boolean): FaultClass {
  // A large row needs new pages. If the disk has no space for them, MariaDB exits.
  const [bytes, told] = dies ? [200_000, /no server answers/] : [1000, /is full: make room/]
  return {
    name,
    inboxes: noDisk === undefined ? ['mysql'] : [],
    told,
    async play(scene) {
      const server = await startMariadb()
      scene.later(() => server.stop())
      await server.down()
      const fill = toSmallDisk(scene, server.data, '400m')
      await server.up()
      const app = await scene.start({ store: server.url })
      return suffer(
        scene,
        async () => {
          const empty = fill()
          let delivered = 0
          await scene.until('no more fits', async () => {
            const random = Array.from({ length: bytes }, () => scene.random() * 256)
            const text = Buffer.from(random).toString('base64')
            await scene.deliver(app, 'large', [`large-${delivered++}`], 1000, { text })
            return told.test(scene.said())
          })
          return async () => {
            empty()
            if (!dies) return
            await server.down()
            await server.up()
          }
        },
        app,
      )
    },
  }
}

/**
 * Moves a folder to a small disk. Returns a function that fills the disk. That function returns a function that frees
 * the space again.
 */
function toSmallDisk(scene: Scene, folder: string, size: string): () => () => void {
  const disk = smallDisk(size)
  scene.later(() => disk.remove())
  const own = join(disk.folder, 'own')
  execFileSync('cp', ['-a', '--sparse=never', folder, own])
  renameSync(folder, `${folder}.before`)
  symlinkSync(own, folder)
  const filler = join(disk.folder, 'filler')
  return () => {
    try {
      for (const bytes of [2 ** 20, 2 ** 12])
        for (;;) writeFileSync(filler, Buffer.alloc(bytes), { flag: 'a' })
    } catch {
      // Expected: the disk is full.
    }
    return () => rmSync(filler)
  }
}

/** Starts a Sentinel that watches a Redis as `shop`, and returns its port. */
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
