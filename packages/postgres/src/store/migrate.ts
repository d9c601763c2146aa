import { LOCK_ALL } from '../sql/lines.ts'
import { META, OLDEST, VERSION, VERSIONS } from '../sql/schema.ts'
import type { Database } from './connection.ts'
import type { Sql } from './pg.ts'

// Making the tables of a version over many rows takes its time, in milliseconds.
const PATIENCE = 60_000

/**
 * Makes the tables, or brings those of an older version up to date, in a transaction that holds a lock against others that
 * do. Throws a `TypeError` if they are too new, or missing and `make` is false.
 */
export async function migrate(db: Database, schema: string, make: boolean): Promise<void> {
  if ((await versionOf(db.sql, schema)) === VERSION) return
  if (!make)
    throw new TypeError(
      `postgresInbox: migrate: the tables postern_* of schema ${schema} are missing or of another version, and this package needs version ${VERSION}: run what postgresMigration({ schema: '${schema}' }) prints, or start once with migrate: true`,
    )
  await db.atomic(PATIENCE, '', async (sql) => {
    await sql(LOCK_ALL)
    const found = await versionOf(sql, schema)
    for (const statement of statements(schema, found)) await sql(statement)
  })
}

/**
 * The statements that make the tables, for a database whose app may not CREATE. Run them as one transaction, then start
 * with `migrate: false`.
 *
 * @example
 * console.log(postgresMigration({ schema: 'webhooks' }))
 */
export function postgresMigration({
  schema = 'public',
  from = 0,
}: {
  /** @default 'public' */
  readonly schema?: string
  /** Version of the tables that are there. @default 0, none */
  readonly from?: number
} = {}): string {
  const all = statements(schema, from).map((text) => text.replaceAll('$.', `${schema}.`).trim())
  return `BEGIN;\n${all.map((text) => (text.endsWith(';') ? text : `${text};`)).join('\n')}\nCOMMIT;\n`
}

function statements(schema: string, from: number): readonly string[] {
  return [
    ...(from === 0
      ? [
          `CREATE SCHEMA IF NOT EXISTS ${schema}`,
          META,
          'INSERT INTO $.postern_schema (version, oldest) VALUES (0, 0)',
        ]
      : []),
    ...VERSIONS.slice(from).flatMap((version) =>
      version.split(';').filter((part) => part.trim() !== ''),
    ),
    `UPDATE $.postern_schema SET version = ${VERSION}, oldest = ${OLDEST}`,
  ]
}

async function versionOf(sql: Sql, schema: string): Promise<number> {
  // Read from the catalog: to_regclass may answer from what the connection knew before it waited for the lock.
  const [table] = await sql(
    "SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = $1 AND tablename = 'postern_schema'",
    [schema],
  )
  if (table!['n'] === 0) return 0
  const [row] = await sql('SELECT version, oldest FROM $.postern_schema')
  const { version, oldest } = row as { readonly version: number; readonly oldest: number }
  if (oldest > VERSION)
    throw new TypeError(
      `postgresInbox: schema: the tables postern_* of ${schema} have version ${version} and take processes from version ${oldest} on, and this @postern/postgres is of ${VERSION}: upgrade @postern/postgres in this process`,
    )
  return Math.min(version, VERSION)
}
