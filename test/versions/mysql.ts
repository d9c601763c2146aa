import { createConnection, type Connection } from 'mysql2/promise'
import { openInbox } from '../../packages/mysql/src/inbox.ts'
import { checkSettings } from '../../packages/mysql/src/settings.ts'
import { STEPS } from '../../packages/mysql/src/sql/schema.ts'
import { createDatabase } from '../../packages/mysql/src/store/connection.ts'
import { layoutOf, migrateTables, mysqlMigration } from '../../packages/mysql/src/store/migrate.ts'
import { COMMON, count, type VersionedStore } from './versioned.ts'

export const mysql: VersionedStore = {
  steps: STEPS,
  note: "ALTER TABLE $.postern_events ADD COLUMN note LONGBLOB; UPDATE $.postern_events SET note = CONCAT('on ', topic)",
  noted: (url) =>
    inDatabase(url, async (rows) =>
      count((await rows('SELECT COUNT(note) AS n FROM postern_events'))[0]),
    ),
  open: (url, steps) =>
    openInbox(
      checkSettings({ connectionString: url, ...COMMON, pollInterval: 20 }),
      layoutOf(undefined, steps),
    ),
  async force(url, steps) {
    const db = createDatabase(checkSettings({ connectionString: url }))
    await migrateTables(db, layoutOf(undefined, steps), { migrate: true, force: true })
    await db.close(performance.now() + 5000)
  },
  dump: (url) =>
    inDatabase(url, async (rows) => {
      const all: Record<string, unknown> = {}
      for (const { name } of await rows(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'postern%' ORDER BY 1",
      ))
        // The migration fills this table, so the dump leaves it out.
        if (name !== 'postern_locks')
          all[String(name)] = (await rows(`SELECT * FROM ${String(name)}`)).map(toText)
      return { schema: [mysqlMigration()], rows: all }
    }),
  fill: (url, { schema, rows: stored }) =>
    inDatabase(url, async (rows) => {
      for (const sql of schema) await rows(sql)
      for (const [name, value] of Object.entries(stored)) {
        await rows(`DELETE FROM ${name}`)
        for (const row of value as readonly Readonly<Record<string, unknown>>[]) {
          const columns = Object.keys(row).filter((column) => !GENERATED.includes(column))
          await rows(
            `INSERT INTO ${name} (${columns.map((column) => `\`${column}\``).join()}) VALUES (${columns.map(() => '?').join()})`,
            columns.map((column) => toBytes(row[column])),
          )
        }
      }
    }),
}

const GENERATED = ['place', 'open_line', 'dead_lane']
const HEX = 'hex:'

/** Converts bytes to text if they are valid text. */
function toText(row: Readonly<Record<string, unknown>>): object {
  const all = Object.entries(row).map(([name, value]) => {
    if (!Buffer.isBuffer(value)) return [name, value]
    const text = value.toString()
    const isText = Buffer.from(text).equals(value) && !/[^\n -~]/.test(text)
    return [name, isText ? text : `${HEX}${value.toString('hex')}`]
  })
  return Object.fromEntries(all)
}

function toBytes(value: unknown): unknown {
  const isHex = typeof value === 'string' && value.startsWith(HEX)
  return isHex ? Buffer.from(value.slice(HEX.length), 'hex') : value
}

type Rows = (
  text: string,
  values?: unknown[],
) => Promise<readonly Readonly<Record<string, unknown>>[]>

async function inDatabase<T>(url: string, use: (rows: Rows) => Promise<T>): Promise<T> {
  const db: Connection = await createConnection({ uri: url, multipleStatements: true })
  try {
    return await use(async (text, values) => (await db.query(text, values))[0] as never)
  } finally {
    await db.end()
  }
}
