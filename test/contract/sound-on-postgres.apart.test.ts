// Takes 70 s.
import { testReceiver } from '@postern/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { startPostgres, type PostgresService } from '../services/postgres.ts'
import { needs } from '../services/needs.ts'
import { postgresServer } from '../services/programs.ts'
import { program } from './receivers/run.ts'

const RUNNER = {
  describe,
  test: (name: string, body: () => void | Promise<void>) => test(name, body, 180_000),
}

needs(postgresServer).describe('on a real Postgres', () => {
  let service: PostgresService
  let pool: pg.Pool
  beforeAll(async () => {
    service = await startPostgres()
    pool = new pg.Pool({ connectionString: service.url })
    pool.on('error', () => {})
    await pool.query('CREATE TABLE effects (number serial, folder text, id text)')
  })
  afterAll(async () => {
    await pool?.end()
    await service?.stop()
  })
  testReceiver(
    (start) => program('express-postgres', { DATABASE_URL: service.url })(start),
    async ({ folder }) => {
      const query = 'SELECT id FROM effects WHERE folder = $1 ORDER BY number'
      const { rows } = await pool.query<{ id: string }>(query, [folder])
      return rows.map(({ id }) => id)
    },
    RUNNER,
    { name: 'Postern on Express with PostgreSQL', durable: true, exactlyOnce: true, shared: true },
  )
})
