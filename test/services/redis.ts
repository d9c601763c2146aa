import { startProcess, type Running } from './process.ts'
import { redisServer } from './programs.ts'
import { freePort, removeFolder, temporaryFolder } from './temporary.ts'
import type { Service } from './temporary.ts'

/** A Redis that can also be taken away and brought back with its data. */
export interface RedisService extends Service {
  /** Ends the process at once (SIGKILL); connections break and new ones are rejected. */
  down(): Promise<void>
  /** Starts it again on the same port with what it had written. */
  up(): Promise<void>
}

/**
 * Starts a Redis of its own on a free port of 127.0.0.1, with an append-only file that is written through, so that a
 * restart on the same folder keeps what it acknowledged. `settings` change its configuration, and `env` is added to its
 * environment. Throws if redis-server is not installed; tests ask `redisServer.file` first.
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
