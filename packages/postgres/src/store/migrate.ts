import {
  checkLiving,
  migrationOf,
  type Layout,
  type LayoutStep,
  type Migrated,
  type Versions,
} from '@postern/core/inbox'
import { LOCK_ALL } from '../sql/lines.ts'
import { LIVING, META, STEPS } from '../sql/schema.ts'
import type { Database } from './connection.ts'
import { readNumber, readRow, type Sql } from './pg.ts'

// Making the tables of a version over many rows takes its time, in milliseconds.
const PATIENCE = 60_000
// A process without a sign of life for that long is gone, in milliseconds: it gives one every ten seconds.
const GONE = 60_000

/** A layout of the tables of a schema. */
export type TablesLayout = Layout<string> & { readonly schema: string }

/** The layout of this package, and how messages name the tables. */
export function layoutOf(
  schema: string,
  steps: readonly LayoutStep<string>[] = STEPS,
): TablesLayout {
  return {
    inbox: 'postgresInbox',
    package: '@postern/postgres',
    place: `schema ${schema}`,
    schema,
    steps,
    force:
      schema === 'public'
        ? 'postern inbox migrate --force --postgres <url>'
        : `migrate({ connectionString, schema: '${schema}', force: true }) of @postern/postgres`,
  }
}

/**
 * Makes the tables, or brings those of an older version up to date, in a transaction that holds a lock against others that
 * do. Throws a `TypeError` if they shut this version out, if they are missing and `migrate` is false, or, without `force`, if
 * it would shut out processes that give signs of life.
 */
export async function migrateTables(
  db: Pick<Database, 'sql' | 'atomic'>,
  layout: TablesLayout,
  { migrate: make, force }: { readonly migrate: boolean; readonly force?: boolean },
): Promise<Migrated> {
  const { schema } = layout
  const found = await versionsOf(db.sql, layout)
  if (!migrationOf(layout, found)) return { from: found, to: found }
  if (!make)
    throw new TypeError(
      `postgresInbox: migrate: the tables postern_* of schema ${schema} are missing or of another version, and this package needs version ${layout.steps.length}: run what postgresMigration({ schema: '${schema}'${found.version > 0 ? `, from: ${found.version}` : ''} }) prints, or start once with migrate: true`,
    )
  return db.atomic(PATIENCE, async (sql) => {
    await sql(LOCK_ALL)
    const from = await versionsOf(sql, layout)
    const migration = migrationOf(layout, from)
    if (!migration) return { from, to: from }
    if (from.version > 0 && force !== true) {
      const living = await sql<{ version: number }>(LIVING, [GONE])
      checkLiving(
        layout,
        migration,
        from,
        living.map(({ version }) => version),
      )
    }
    for (const statement of statements(layout, from.version)) await sql(statement)
    return { from, to: migration.to }
  })
}

/**
 * Throws a `TypeError` if the role or database has a setting that PostgreSQL cannot be used with: rounded numbers are ids of other
 * tasks, and a list without nulls is another list.
 */
export async function checkSession(sql: Sql): Promise<void> {
  const digits = await readNumber(sql("SELECT current_setting('extra_float_digits')::int AS n"))
  if (digits < 1)
    throw unfit(
      `extra_float_digits is ${digits}`,
      'PostgreSQL rounds the numbers it returns, and tasks could not be settled',
      'extra_float_digits = 1',
    )
  const nulls = await readNumber(sql("SELECT (current_setting('array_nulls') = 'on')::int AS n"))
  if (nulls === 0)
    throw unfit(
      'array_nulls is off',
      'PostgreSQL reads no nulls in lists, and nothing could be stored',
      'array_nulls = on',
    )
}

function unfit(is: string, so: string, set: string): TypeError {
  return new TypeError(
    `postgresInbox: ${is} here, so ${so}: set it to its default for this role or database (ALTER ROLE … SET ${set})`,
  )
}

/**
 * The statements that make the tables, or bring those of an older version up to date, for a database whose app may not
 * CREATE. Run them as one transaction, then start with `migrate: false`. Stop older processes first if they may not go on.
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
  return printed(layoutOf(schema), from)
}

/** The statements of a layout, as text. */
export function printed(layout: TablesLayout, from: number): string {
  const all = statements(layout, from).map((text) =>
    text.replaceAll('$.', `${layout.schema}.`).trim(),
  )
  return `BEGIN;\n${all.map((text) => (text.endsWith(';') ? text : `${text};`)).join('\n')}\nCOMMIT;\n`
}

function statements(layout: TablesLayout, from: number): readonly string[] {
  const migration = migrationOf(layout, { version: from, oldest: 0 })
  if (!migration) return []
  const { version, oldest } = migration.to
  return [
    ...(from === 0
      ? [
          `CREATE SCHEMA IF NOT EXISTS ${layout.schema}`,
          META,
          'INSERT INTO $.postern_schema (version, oldest) VALUES (0, 0)',
        ]
      : []),
    ...migration.changes.flatMap((change) =>
      change.split(';').filter((part) => part.trim() !== ''),
    ),
    `UPDATE $.postern_schema SET version = ${version}, oldest = GREATEST(oldest, ${oldest})`,
  ]
}

async function versionsOf(sql: Sql, { schema }: TablesLayout): Promise<Versions> {
  // Read from the catalog: to_regclass may answer from what the connection knew before it waited for the lock.
  const made = sql<{ n: number }>(
    "SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = $1 AND tablename = 'postern_schema'",
    [schema],
  )
  if ((await readNumber(made)) === 0) return { version: 0, oldest: 0 }
  return readRow(sql<Versions>('SELECT version, oldest FROM $.postern_schema'))
}
