import { createPool } from 'mysql2/promise'
import { describe, test } from 'vitest'
import { checkExample, type Example } from '../../../postgres/test/orm/example.ts'
import { withMariadb } from '../mariadb.ts'

const EXAMPLES: Readonly<Record<string, () => Promise<Example>>> = {
  mysql2: () => import('./mysql2.ts'),
  Drizzle: () => import('./drizzle.ts'),
  Kysely: () => import('./kysely.ts'),
  TypeORM: () => import('./typeorm.ts'),
  Prisma: () => import('./prisma.ts'),
  Sequelize: () => import('./sequelize.ts'),
  Knex: () => import('./knex.ts'),
}

// The app writes its row after those of the inbox, so that a duplicate fails as late as possible.
const TABLES = [
  'CREATE TABLE issues (id varchar(100) UNIQUE, title varchar(100) NOT NULL)',
  'CREATE TABLE requests (url varchar(100) UNIQUE)',
]

withMariadb("the guide's example for", (mariadb) => {
  describe.each(Object.entries(EXAMPLES))('%s', (_, load) => {
    test('accepts and settles in a transaction of the app, or not at all', async () => {
      const { service, database } = mariadb()
      const url = Object.assign(new URL(service.url), { pathname: `/${await database()}` }).href
      const pool = createPool(url)
      try {
        for (const table of TABLES) await pool.query(table)
        await checkExample({
          url,
          load,
          hooks: () => import('./hooks.ts'),
          async query(text) {
            const [rows] = await pool.query(text)
            return Array.isArray(rows) ? rows.map((row) => (row as { value: string }).value) : []
          },
        })
      } finally {
        await pool.end()
      }
    })
  })
})
