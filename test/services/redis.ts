import { startProcess, type Running } from './process.ts'
import { redisServer } from './programs.ts'
import { freePort, removeFolder, temporaryFolder } from './temporary.ts'
import type { Service } from './temporary.ts'

/** Redis that tests can stop and restart with its data. */
export interface RedisService extends Service {
  /** Kills the process (SIGKILL): connections break, and new ones are refused. */
  down(): Promise<void>
  /** Restarts it on the same port with its written data. */
  up(): Promise<void>
}

/**
 * Starts a Redis on a free port of 127.0.0.1, with an append-only file that is synced on every write, so that a restart
 * keeps acknowledged data. `settings` change its configuration, and `env` is added to its environment. Throws if
 * redis-server is not installed; tests check `redisServer.file` first.
 */
export async function startRedis(
  settings: Record<string, string> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<RedisService> {
  const { file } = redisServer
  if (file === undefined) throw new Error(`Redis is missing: ${redisServer.get}`)
  const folder = await temporaryFolder('redis')
  const port = await freePort()
  const all = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: 'yes',
    appendfsync: 'always',
    'maxmemory-policy': 'noeviction',
    ...settings,
  }
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])
  let redis: Running
  await up()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return redis.pid
    },
    pause: () => redis.kill('SIGSTOP'),
    resume: () => redis.kill('SIGCONT'),
    async down() {
      redis.kill('SIGKILL')
      await redis.ended
    },
    up,
    stop: async () => {
      redis.kill('SIGCONT')
      redis.kill('SIGTERM')
      await redis.ended
      await removeFolder(folder)
    },
  }

  async function up(): Promise<void> {
    redis = await startProcess(file!, args, { ready: /Ready to accept connections/, env })
  }
}
