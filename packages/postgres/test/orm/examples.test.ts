import pg from 'pg'
import { describe, test } from 'vitest'
import { withPostgres } from '../postgres.ts'
import { checkExample, type Example } from './example.ts'

const EXAMPLES: Readonly<Record<string, () => Promise<Example>>> = {
  pg: () => import('./pg.ts'),
  Drizzle: () => import('./drizzle.ts'),
  Kysely: () => import('./kysely.ts'),
  TypeORM: () => import('./typeorm.ts'),
  Prisma: () => import('./prisma.ts'),
  'postgres.js': () => import('./postgres-js.ts'),
  Sequelize: () => import('./sequelize.ts'),
  Knex: () => import('./knex.ts'),
  MikroORM: () => import('./mikro-orm.ts'),
}

// A deferred constraint fails at the COMMIT, after all statements of the transaction.
const TABLES = `
  CREATE TABLE issues (id text UNIQUE DEFERRABLE INITIALLY DEFERRED, title text NOT NULL);
  CREATE TABLE requests (url text UNIQUE DEFERRABLE INITIALLY DEFERRED)`

withPostgres("the guide's example for", (postgres) => {
  describe.each(Object.entries(EXAMPLES))('%s', (name, load) => {
    test('accepts and settles in a transaction of the app, or not at all', async () => {
      const { service, pool: admin } = postgres()
      const database = `app_${name.toLowerCase().replaceAll(/\W/g, '_')}`
      await admin.query(`CREATE DATABASE ${database}`)
      const url = Object.assign(new URL(service.url), { pathname: `/${database}` }).href
      const pool = new pg.Pool({ connectionString: url })
      try {
        await pool.query(TABLES)
        await checkExample({
          url,
          load,
          hooks: () => import('./hooks.ts'),
          query: async (text) =>
            (await pool.query<{ value: string }>(text)).rows.map(({ value }) => value),
        })
      } finally {
        await pool.end()
      }
    })
  })
})
