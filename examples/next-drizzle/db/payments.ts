import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'

export const payments = pgTable('payments', {
  invoice: text().primaryKey(),
  cents: integer().notNull(),
})

const kept = globalThis as { database?: NodePgDatabase }

/** Returns the database. The process keeps one pool, also when `next dev` reloads this module. */
export function db(): NodePgDatabase {
  return (kept.database ??= drizzle({
    client: new pg.Pool({ connectionString: process.env['DATABASE_URL']! }),
  }))
}
