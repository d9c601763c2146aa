import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { startPgBouncer } from '../../../test/services/pgbouncer.ts'
import { startPostgres, type PostgresService } from '../../../test/services/postgres.ts'
import { pgBouncer, postgresServer } from '../../../test/services/programs.ts'
import type { Service } from '../../../test/services/service.ts'
import { postgresInbox, type PostgresInboxOptions } from '../src/index.ts'

/** A PostgreSQL server for the tests of one file. */
export interface Postgres {
  readonly service: PostgresService
  /** Connects to the server without a pooler. */
  readonly pool: pg.Pool
  /** Returns the name of an unused schema. */
  readonly schema: () => string
  /** Returns the server's URL for another role. */
  readonly urlOf: (role: string) => string
  /** Opens an inbox that is closed after its test. By default, it has its own schema. */
  readonly open: (options?: Partial<PostgresInboxOptions>) => ReturnType<typeof postgresInbox>
}

/** A PostgreSQL server with a PgBouncer in front. */
export interface Pooled extends Postgres {
  readonly bouncer: Service
}

/** Defines tests that need a Postgres. */
export function withPostgres(name: string, define: (postgres: () => Postgres) => void): void {
  needs(postgresServer).describe(name, () => define(started()))
}

/** Defines tests that need a Postgres and a PgBouncer in transaction mode. */
export function withPgBouncer(
  name: string,
  settings: Readonly<Record<string, string | number>>,
  define: (pooled: () => Pooled) => void,
): void {
  needs(postgresServer, pgBouncer).describe(name, () => {
    const postgres = started()
    let bouncer: Service
    beforeAll(async () => {
      bouncer = await startPgBouncer(postgres().service, settings)
    })
    afterAll(() => bouncer?.stop())
    define(() => ({ ...postgres(), bouncer }))
  })
}

function started(): () => Postgres {
  let service: PostgresService
  let pool: pg.Pool
  beforeAll(async () => {
    service = await startPostgres()
    pool = new pg.Pool({ connectionString: service.url })
    // Ignores the error that a closing session gets when the server stops.
    pool.on('error', () => {})
  })
  afterAll(async () => {
    await pool?.end()
    await service?.stop()
  })
  return () => ({
    service,
    pool,
    schema,
    urlOf: (role) => Object.assign(new URL(service.url), { username: role }).href,
    open(options) {
      const where = options?.pool ? {} : { connectionString: service.url }
      const inbox = postgresInbox({ ...where, schema: schema(), pollInterval: 20, ...options })
      onTestFinished(() => inbox.close())
      return inbox
    },
  })
}

function schema(): string {
  return `s${randomUUID().replaceAll('-', '').slice(0, 12)}`
}
