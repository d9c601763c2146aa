import { startProcess } from './process.ts'
import { redisServer } from './programs.ts'
import { freePort, removeFolder, temporaryFolder } from './temporary.ts'
import type { Service } from './temporary.ts'

/**
 * Starts a Redis of its own on a free port of 127.0.0.1, with an append-only file that is written through, so that a
 * restart on the same folder would keep what it acknowledged. Throws where redis-server is not installed; tests ask
 * `redisServer.file` first.
 */
export async function startRedis(): Promise<Service> {
  if (redisServer.file === undefined) throw new Error(`Redis is missing: ${redisServer.get}`)
  const folder = await temporaryFolder('redis')
  const port = await freePort()
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: 'yes',
    appendfsync: 'always',
    'maxmemory-policy': 'noeviction',
  }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const redis = await startProcess(redisServer.file, args, { ready: /Ready to accept connections/ })
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: redis.pid,
    pause: () => redis.kill('SIGSTOP'),
    resume: () => redis.kill('SIGCONT'),
    stop: async () => {
      redis.kill('SIGCONT')
      redis.kill('SIGTERM')
      await redis.ended
      await removeFolder(folder)
    },
  }
}
