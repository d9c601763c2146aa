import { DatabaseSync } from 'node:sqlite'
import { openFile } from '../../packages/sqlite/src/driver/node.ts'
import { openInbox, checkSettings } from '../../packages/sqlite/src/inbox.ts'
import { STEPS } from '../../packages/sqlite/src/sql/tables.ts'
import { layoutOf, migrateFile } from '../../packages/sqlite/src/store/schema.ts'
import { COMMON, count, type VersionedStore } from './versioned.ts'

export const sqlite: VersionedStore = {
  steps: STEPS,
  note: "ALTER TABLE postern_events ADD COLUMN note TEXT; UPDATE postern_events SET note = 'on ' || topic",
  noted: async (path) =>
    inFile(path, (db) => count(db.prepare('SELECT count(note) AS n FROM postern_events').get())),
  open: (path, steps) =>
    openInbox(checkSettings({ path, ...COMMON, pollInterval: 20 }), layoutOf(path, steps)),
  async force(path, steps) {
    const layout = layoutOf(path, steps)
    openFile(path, (db, life) => void migrateFile(db, life, layout, true)).close()
  },
  dump: async (path) =>
    inFile(path, (db) => {
      const made = db
        .prepare("SELECT name, type, sql FROM sqlite_schema WHERE name LIKE 'postern%'")
        .all() as { name: string; type: string; sql: string }[]
      const names = made.flatMap(({ name, type }) => (type === 'table' ? name : []))
      return {
        schema: made.map(({ sql }) => sql),
        rows: Object.fromEntries(
          names.map((name) => [name, db.prepare(`SELECT * FROM ${name}`).all().map(packed)]),
        ),
      }
    }),
  fill: async (path, { schema, rows }) =>
    inFile(path, (db) => {
      db.exec('PRAGMA journal_mode = WAL')
      for (const sql of schema) db.exec(sql)
      for (const [table, all] of Object.entries(rows))
        for (const row of all as Row[]) {
          const values = Object.values(unpacked(row)) as never[]
          const places = values.map(() => '?').join()
          db.prepare(`INSERT INTO ${table} (${Object.keys(row).join()}) VALUES (${places})`).run(
            ...values,
          )
        }
    }),
}

type Row = Record<string, unknown>

function packed(row: Row): Row {
  return mapped(row, (value) =>
    value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value,
  )
}

function unpacked(row: Row): Row {
  return mapped(row, (value) =>
    typeof value === 'object' && value !== null && 'base64' in value
      ? Buffer.from(String(value.base64), 'base64')
      : value,
  )
}

function mapped(row: Row, change: (value: unknown) => unknown): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, change(value)]))
}

function inFile<T>(path: string, use: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path)
  try {
    return use(db)
  } finally {
    db.close()
  }
}
