import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe } from 'vitest'
import { startPostgres, type PostgresService } from '../../../test/services/postgres.ts'
import { postgresServer } from '../../../test/services/programs.ts'

/** A Postgres of the tests of one file. */
export interface Postgres {
  readonly service: PostgresService
  readonly pool: pg.Pool
  /** The name of a schema nobody has used. */
  readonly schema: () => string
}

/** Defines tests that need a Postgres; if the machine has none, says so and skips them. */
export function withPostgres(name: string, define: (postgres: () => Postgres) => void): void {
  if (postgresServer.file === undefined)
    console.warn(`${name}: not tested, since Postgres is missing: ${postgresServer.get}`)
  describe.skipIf(postgresServer.file === undefined)(name, () => {
    let service: PostgresService
    let pool: pg.Pool
    beforeAll(async () => {
      service = await startPostgres()
      pool = new pg.Pool({ connectionString: service.url })
      // A session that is closing still hears that the server stops.
      pool.on('error', () => {})
    })
    afterAll(async () => {
      await pool?.end()
      await service?.stop()
    })
    define(() => ({
      service,
      pool,
      schema: () => `s${randomUUID().replaceAll('-', '').slice(0, 12)}`,
    }))
  })
}
