import { startPostgres } from '../services/postgres.ts'
import { postgresServer, redisServer } from '../services/programs.ts'
import { startRedis } from '../services/redis.ts'

/** The services that inboxes need, if they are installed on this machine. */
export interface Services {
  /** Environment variables with the services' URLs, for child processes. */
  readonly env: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/** Starts Redis (fsync per write) and PostgreSQL (fsync per commit), if they are installed. */
export async function availableServices(): Promise<Services> {
  const redis = redisServer.file === undefined ? undefined : await startRedis()
  const postgres = postgresServer.file === undefined ? undefined : await startPostgres()
  return {
    env: {
      ...(redis && { BENCH_REDIS: redis.url }),
      ...(postgres && { BENCH_POSTGRES: postgres.url }),
    },
    async stop() {
      await redis?.stop()
      await postgres?.stop()
    },
  }
}
