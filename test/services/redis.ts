import { startProcess } from './process.ts'
import { redisServer } from './programs.ts'
import { fileOf, startService, type Service } from './service.ts'
import { freePort, temporaryFolder } from './temporary.ts'

export type RedisService = Service

/**
 * Starts a Redis on a free port of 127.0.0.1. It syncs its append-only file on every write, so that a restart keeps
 * acknowledged data. `settings` changes the configuration, and `env` adds environment variables. Throws if redis-server
 * is not installed, so check `redisServer.file` first.
 */
export async function startRedis(
  settings: Record<string, string> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<RedisService> {
  const file = fileOf(redisServer)
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
  return startService({
    url: `redis://127.0.0.1:${port}`,
    port,
    folder,
    start: () => startProcess(file, args, { ready: /Ready to accept connections/, env }),
    end: 'SIGTERM',
  })
}
