// `npm run setup` makes the table. Apps with more of them use drizzle-kit.
import pg from 'pg'

const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
await client.query(
  'CREATE TABLE IF NOT EXISTS payments (invoice text PRIMARY KEY, cents integer NOT NULL)',
)
await client.end()
