import { startPostgres } from '../services/postgres.ts'
import { postgresServer, redisServer } from '../services/programs.ts'
import { startRedis } from '../services/redis.ts'

/** The services inboxes stand on, as far as this machine has them. */
export interface Services {
  /** Where they are, for processes that are started. */
  readonly env: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/** Starts a Redis that writes through and a PostgreSQL that syncs, if their programs are installed. */
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
