import {
  GONE_AFTER,
  migrateServer,
  MIGRATION_TIME,
  migrationStatements,
  serverLayout,
  type Layout,
  type LayoutStep,
  type Migrated,
  type ServerMigration,
  type Versions,
} from '@postern/core/engine'
import { LOCK_ALL } from '../sql/lines.ts'
import { LIVING, META, STEPS } from '../sql/schema.ts'
import { checkSettings, type PostgresInboxOptions, type Settings } from '../settings.ts'
import { createDatabase, type Database } from './connection.ts'
import { readNumber, readRow, type Sql } from './pg.ts'

export type TablesLayout = Layout<string> & { readonly schema: string }

export function layoutOf(
  schema: string,
  steps: readonly LayoutStep<string>[] = STEPS,
): TablesLayout {
  const option = schema === 'public' ? undefined : `schema: '${schema}'`
  return { ...serverLayout('postgres', `schema ${schema}`, option, steps), schema }
}

/**
 * Creates the tables, or updates those of an older version, in a transaction that holds a lock. First checks who owns
 * the tables, since a view of another role would run that role's functions as this role.
 */
export function migrateTables(
  db: Pick<Database, 'sql' | 'atomic'>,
  layout: TablesLayout,
  { tableOwner, ...options }: ServerMigration & Pick<Partial<Settings>, 'tableOwner'>,
): Promise<Migrated> {
  const { schema } = layout
  return migrateServer<Sql>(layout, options, {
    async versions(sql = db.sql) {
      await checkTables(sql, schema, tableOwner, options.readOnly ?? false)
      return versionsOf(sql, layout)
    },
    locked: (run) =>
      db.atomic(MIGRATION_TIME, async (sql) => {
        await sql(LOCK_ALL)
        return run(sql)
      }),
    living: (sql) => sql(LIVING, [GONE_AFTER]),
    statements: (from) => statements(layout, from),
    run: (sql, statement) => sql(statement),
    printedBy: (from) =>
      `postgresMigration({ schema: '${schema}'${from > 0 ? `, from: ${from}` : ''} })`,
  })
}

/**
 * Updates the tables to the version of this package, as an inbox does with its first delivery. With `force`, does not
 * check for active processes of older versions. Use `force` only if no such process runs. Returns the versions before
 * and after.
 *
 * @throws {TypeError} If an option is wrong, or if active processes could not use the updated tables.
 *
 * @example
 * const { from, to } = await migrate({ connectionString: process.env.DATABASE_URL, force: true })
 */
export async function migrate({
  force = false,
  ...options
}: Pick<PostgresInboxOptions, 'connectionString' | 'pool' | 'schema' | 'tableOwner'> & {
  readonly force?: boolean
}): Promise<Migrated> {
  const settings = checkSettings(options)
  const db = createDatabase(settings, () => {})
  try {
    return await migrateTables(db, layoutOf(settings.schema), {
      ...settings,
      migrate: true,
      force,
    })
  } finally {
    await db.close(performance.now() + settings.deadline)
  }
}

/** Throws a `TypeError` if a setting changes the meaning of statements, or makes the server round numbers. */
export async function checkSession(sql: Sql): Promise<void> {
  const [found] = await sql<{ path: string }>(
    "SELECT pg_catalog.current_setting('search_path') AS path",
  )
  const path = found!.path.split(',').map((name) => name.trim())
  if (path.indexOf('pg_catalog') > 0)
    throw unfit(
      `search_path is ${found!.path}`,
      'functions and operators of other schemas go before those of PostgreSQL',
      'search_path = pg_catalog, …',
    )
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
 * Returns the statements that create the tables or update those of an older version, for an app whose role may not
 * CREATE. Run them as one transaction, then start with `migrate: false`. First stop older processes that could not use
 * the updated tables.
 *
 * @example
 * console.log(postgresMigration({ schema: 'webhooks' }))
 */
export function postgresMigration({
  schema = 'public',
  from = 0,
}: {
  /** Schema of the tables. @default 'public' */
  readonly schema?: string
  /** Version of the existing tables. @default 0, which means none */
  readonly from?: number
} = {}): string {
  return printed(layoutOf(schema), from)
}

export function printed(layout: TablesLayout, from: number): string {
  const all = statements(layout, from).map((text) =>
    text.replaceAll('$.', `${layout.schema}.`).trim(),
  )
  return `BEGIN;\n${all.map((text) => (text.endsWith(';') ? text : `${text};`)).join('\n')}\nCOMMIT;\n`
}

function statements(layout: TablesLayout, from: number): readonly string[] {
  return migrationStatements(layout, from, [
    // CREATE SCHEMA IF NOT EXISTS needs permission to create a schema, even if the schema exists.
    `DO 'BEGIN IF to_regnamespace(''${layout.schema}'') IS NULL THEN CREATE SCHEMA ${layout.schema}; END IF; END'`,
    META,
    'INSERT INTO $.postern_schema (version, oldest) VALUES (0, 0)',
  ])
}

/**
 * Throws a `TypeError` if another role owns the tables, or has a trigger or rule on them. Code of that role would run
 * as the role of this connection. Also throws if row-level security may hide tasks. For an inbox that only reads,
 * owners are not checked, since reading a plain table runs no code of its owner.
 */
async function checkTables(
  sql: Sql,
  schema: string,
  owner: string | undefined,
  readOnly: boolean,
): Promise<void> {
  const rows = await sql<FoundTable>(FOREIGN, [schema, owner ?? null, readOnly])
  const [row] = rows
  if (!row) return
  const table = `${schema}.${row.name}`
  if (row.foreign_owner)
    throw new TypeError(
      owner === undefined
        ? `postgresInbox: ${table} belongs to the role ${row.owner}, and the app's role ${row.role} is not a member of that role, so code of ${row.owner} could run as the app: GRANT ${row.owner} TO ${row.role}, or set tableOwner: '${row.owner}' if you trust it; else use another schema`
        : `postgresInbox: tableOwner must be the owner of ${table}, got '${owner}', and it belongs to ${row.owner}: set tableOwner: '${row.owner}' if you trust it; else use another schema`,
    )
  if (row.is_view)
    throw new TypeError(
      `postgresInbox: ${table} is not a table but a view or a foreign table: drop it, or use another schema`,
    )
  if (row.rule !== null)
    throw new TypeError(
      `postgresInbox: ${table} has the rule ${row.rule}: drop it, or use another schema`,
    )
  if (row.trigger !== null)
    throw new TypeError(
      `postgresInbox: ${table} has the trigger ${row.trigger}, whose function belongs to another role: drop the trigger, or let the function belong to the owner of the table`,
    )
  throw new TypeError(
    `postgresInbox: row-level security of ${table} may hide rows from the app's role ${row.role}, and hidden tasks would not run: ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY, or ALTER ROLE ${row.role} BYPASSRLS`,
  )
}

interface FoundTable {
  readonly name: string
  readonly owner: string
  readonly role: string
  readonly foreign_owner: boolean
  readonly is_view: boolean
  readonly rule: string | null
  readonly trigger: string | null
}

// PostgreSQL's own check counts a superuser as a member of every role. So this query reads the memberships that were
// granted.
const FOREIGN = `WITH RECURSIVE m AS (
    SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
    UNION SELECT a.roleid FROM pg_catalog.pg_auth_members a JOIN m ON a.member = m.oid),
  o AS (SELECT r.oid FROM pg_catalog.pg_roles r WHERE CASE WHEN $2::text IS NULL THEN r.oid IN (SELECT oid FROM m) ELSE r.rolname = $2::text END),
  c AS (
    SELECT c.oid, c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner, c.relkind, c.relowner,
      NOT $3::bool AND c.relowner NOT IN (SELECT oid FROM o) AS foreign_owner, c.relkind NOT IN ('r', 'p', 'S') AS is_view,
      (SELECT min(w.rulename) FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid) AS rule,
      (SELECT min(g.tgname) FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
        WHERE NOT $3::bool AND g.tgrelid = c.oid AND NOT g.tgisinternal AND p.proowner <> c.relowner AND p.proowner NOT IN (SELECT oid FROM m)) AS trigger,
      c.relkind IN ('r', 'p') AND pg_catalog.row_security_active(c.oid) AS hides
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname LIKE 'postern\\_%' AND c.relkind NOT IN ('i', 'I', 't', 'c'))
  SELECT name, owner, current_user AS role, foreign_owner, is_view, rule, trigger FROM c
  WHERE foreign_owner OR is_view OR rule IS NOT NULL OR trigger IS NOT NULL OR hides
  ORDER BY foreign_owner DESC, is_view DESC, name LIMIT 1`

export async function versionsOf(sql: Sql, { schema }: TablesLayout): Promise<Versions> {
  // Reads the catalog, since `to_regclass` may return a result from before the connection waited for the lock.
  const made = sql<{ n: number }>(
    "SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = $1 AND tablename = 'postern_schema'",
    [schema],
  )
  if ((await readNumber(made)) === 0) return { version: 0, oldest: 0 }
  return readRow(sql<Versions>('SELECT version, oldest FROM $.postern_schema'))
}
