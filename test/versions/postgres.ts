import pg from 'pg'
import { openInbox } from '../../packages/postgres/src/inbox.ts'
import { checkSettings } from '../../packages/postgres/src/settings.ts'
import { STEPS } from '../../packages/postgres/src/sql/schema.ts'
import { createDatabase } from '../../packages/postgres/src/store/connection.ts'
import { layoutOf, migrateTables, printed } from '../../packages/postgres/src/store/migrate.ts'
import { COMMON, count, type VersionedStore } from './versioned.ts'

export const postgres: VersionedStore = {
  steps: STEPS,
  note: "ALTER TABLE $.postern_events ADD COLUMN note text; UPDATE $.postern_events SET note = 'on ' || topic",
  noted: (url) =>
    inDatabase(url, async (db) =>
      count((await db.query('SELECT count(note)::int AS n FROM postern_events')).rows[0]),
    ),
  open: (url, steps) =>
    openInbox(
      checkSettings({ connectionString: url, ...COMMON, pollInterval: 20 }),
      layoutOf('public', steps),
    ),
  async force(url, steps) {
    const settings = checkSettings({ connectionString: url })
    const db = createDatabase(settings, () => {})
    await migrateTables(db, layoutOf('public', steps), { migrate: true, force: true })
    await db.close(Date.now() + 5000)
  },
  dump: (url) =>
    inDatabase(url, async (db) => {
      const { rows: names } = await db.query<{ name: string }>(
        "SELECT tablename AS name FROM pg_tables WHERE tablename LIKE 'postern%' ORDER BY 1",
      )
      const { rows: sequences } = await db.query<{ name: string; last: string | null }>(
        "SELECT sequencename AS name, last_value AS last FROM pg_sequences WHERE sequencename LIKE 'postern%' ORDER BY 1",
      )
      const all: Record<string, unknown> = {}
      for (const { name } of names)
        all[name] = (
          await db.query<{ row: unknown }>(`SELECT to_json(t) AS row FROM ${name} t`)
        ).rows.map(({ row }) => row)
      for (const { name, last } of sequences) if (last !== null) all[name] = Number(last)
      return { schema: [printed(layoutOf('public', STEPS), 0)], rows: all }
    }),
  fill: (url, { schema, rows }) =>
    inDatabase(url, async (db) => {
      for (const sql of schema) await db.query(sql)
      await db.query('DELETE FROM postern_schema')
      for (const [name, value] of Object.entries(rows))
        if (typeof value === 'number') await db.query('SELECT setval($1, $2)', [name, value])
        else
          await db.query(
            `INSERT INTO ${name} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::${name}, $1)`,
            [JSON.stringify(value)],
          )
    }),
}

async function inDatabase<T>(url: string, use: (db: pg.Client) => Promise<T>): Promise<T> {
  const db = new pg.Client(url)
  await db.connect()
  try {
    return await use(db)
  } finally {
    await db.end()
  }
}
