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
import { checkDatabase, checkSettings, type MysqlInboxOptions } from '../settings.ts'
import { literal, NOW } from '../sql/lines.ts'
import { META, STEPS } from '../sql/schema.ts'
import { createDatabase, quotedName, type Database, type Sql } from './connection.ts'

export type TablesLayout = Layout<string>

export function layoutOf(
  database: string | undefined,
  steps: readonly LayoutStep<string>[] = STEPS,
): TablesLayout {
  return database === undefined
    ? serverLayout('mysql', 'the database', undefined, steps)
    : serverLayout('mysql', `database ${database}`, `database: '${database}'`, steps)
}

/** Creates or updates the tables under a lock. DDL commits by itself, so an interrupted step is repeated later. */
export function migrateTables(
  db: Pick<Database, 'rows' | 'session'>,
  layout: TablesLayout,
  { database, ...options }: ServerMigration & { readonly database?: string | undefined },
): Promise<Migrated> {
  return migrateServer<Sql>(layout, options, {
    versions: (sql) => versionsOf(sql ?? db, database),
    locked: (run) =>
      db.session(MIGRATION_TIME, async (sql) => {
        const name = `CONCAT('postern ', LEFT(${nameOf(database)}, 50))`
        const [lock] = await sql.rows(
          `SELECT GET_LOCK(${name}, ${MIGRATION_TIME / 1000 - 10}) AS n`,
        )
        if (lock!.n !== 1)
          throw new Error(
            'another process has been creating the tables for 50 s; wait, and start again',
          )
        try {
          // CREATE DATABASE needs a permission even if the database exists, so it runs only if the database is missing.
          if (database !== undefined && !(await isThere(sql, database)))
            await sql.run(`CREATE DATABASE IF NOT EXISTS \`${database}\``)
          return await run(sql)
        } finally {
          await sql.rows(`SELECT RELEASE_LOCK(${name}) AS n`)
        }
      }),
    living: (sql) =>
      sql.rows(
        `SELECT version FROM $.postern_processes WHERE seen BETWEEN ${NOW} - ${GONE_AFTER} AND ${NOW} + ${GONE_AFTER}`,
      ),
    statements: (from) => statements(layout, from),
    run: (sql, statement) => sql.run(statement),
    printedBy: (from) => `mysqlMigration({${from > 0 ? ` from: ${from} ` : ''}})`,
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
}: Pick<MysqlInboxOptions, 'connectionString' | 'pool' | 'database'> & {
  readonly force?: boolean
}): Promise<Migrated> {
  const settings = checkSettings(options)
  const db = createDatabase(settings)
  try {
    await checkServer(db, settings.database)
    return await migrateTables(db, layoutOf(settings.database), {
      ...settings,
      migrate: true,
      force,
    })
  } finally {
    await db.close(performance.now() + settings.deadline)
  }
}

async function isThere(sql: Sql, database: string): Promise<boolean> {
  const [row] = await sql.rows(
    `SELECT COUNT(*) AS n FROM information_schema.schemata WHERE schema_name = '${database}'`,
  )
  return row!.n > 0
}

/**
 * Returns the statements that create the tables or update those of an older version, for an app whose user may not
 * CREATE. Run them in this order, then start with `migrate: false`. Each statement may run twice. First stop older
 * processes that could not use the updated tables.
 *
 * @throws {TypeError} If `database` is not a name that statements can contain.
 *
 * @example
 * console.log(mysqlMigration({ database: 'webhooks' }))
 */
export function mysqlMigration({
  database,
  from = 0,
}: {
  /** Database that the statements name. @default none: the database of the connection */
  readonly database?: string
  /** Version of the existing tables. @default 0, which means none */
  readonly from?: number
} = {}): string {
  checkDatabase(database)
  const place = database === undefined ? '' : `\`${database}\`.`
  return statements(layoutOf(database), from)
    .map((text) => `${text.replaceAll('$.', () => place)};\n`)
    .join('')
}

function statements(layout: TablesLayout, from: number): readonly string[] {
  // If `sql_safe_updates` is on, an UPDATE needs a condition on the key.
  return migrationStatements(layout, from, META, ' WHERE id = 1')
}

function nameOf(database: string | undefined): string {
  return database === undefined ? 'DATABASE()' : `'${database}'`
}

export async function versionsOf(
  sql: Pick<Sql, 'rows'>,
  database: string | undefined,
): Promise<Versions> {
  const made = await sql.rows(
    `SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = ${nameOf(database)} AND table_name = 'postern_schema'`,
  )
  const none = { version: 0, oldest: 0 }
  if (made[0]!.n === 0) return none
  return (await sql.rows<Versions>('SELECT version, oldest FROM $.postern_schema'))[0] ?? none
}

const LEAST = { MariaDB: [10, 6], MySQL: [8, 0] } as const
// Minimum packet size of the server in bytes, since a batch uses a quarter of a packet.
const LEAST_PACKET = 4 * 1024 * 1024

/**
 * Throws a `TypeError` if a setting of the server, or of the app's pool, can lose acknowledged deliveries or change
 * what is stored. Passes the database and the isolation level to `Database.found`.
 */
export async function checkServer(
  db: Pick<Database, 'rows' | 'found'>,
  database: string | undefined,
): Promise<void> {
  const [session] = await db.rows<{
    version: string
    place: string | null
    mode: string
    auto: number
  }>('SELECT VERSION() AS version, DATABASE() AS place, @@sql_mode AS mode, @@autocommit AS auto')
  const { version, mode, auto } = session!
  const variables = await db.rows<{ Variable_name: string; Value: string | number }>(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation', 'innodb_flush_log_at_trx_commit', 'max_allowed_packet')`,
  )
  const settings = new Map(variables.map((one) => [one.Variable_name, one.Value]))
  checkVersion(version)
  const place = database ?? session!.place
  if (place === null)
    throw new TypeError(
      "mysqlInbox: database: the connection has none; set database: 'app', or name it in connectionString (mysql://user@host/app)",
    )
  const flush = settings.get('innodb_flush_log_at_trx_commit') ?? 1
  const packet = Number(settings.get('max_allowed_packet') ?? LEAST_PACKET)
  const found: readonly (readonly [isFit: boolean, is: string, so: string, set: string])[] = [
    [
      /STRICT_(?:TRANS|ALL)_TABLES/.test(mode),
      `sql_mode of the pool is ${mode === '' ? 'empty' : mode}`,
      'the server stores another value in place of one that does not fit',
      "SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',STRICT_TRANS_TABLES')",
    ],
    [
      auto === 1,
      'autocommit of the pool is off',
      'single statements are not committed',
      'SET GLOBAL autocommit = 1',
    ],
    [
      flush === 1,
      `innodb_flush_log_at_trx_commit is ${flush}`,
      'a crash of the machine loses deliveries that were acknowledged',
      'SET GLOBAL innodb_flush_log_at_trx_commit = 1',
    ],
    [
      packet >= LEAST_PACKET,
      `max_allowed_packet is ${packet}`,
      'deliveries of more bytes cannot be stored',
      'SET GLOBAL max_allowed_packet = 67108864',
    ],
  ]
  for (const [isFit, is, so, set] of found)
    if (!isFit)
      throw new TypeError(
        `mysqlInbox: ${is} here, so ${so}: run ${set}, and set it in the configuration of the server`,
      )
  await checkTables(db, place)
  const level = settings.get('transaction_isolation') ?? settings.get('tx_isolation')
  db.found(place, String(level ?? 'REPEATABLE-READ').replace('-', ' '))
}

function checkVersion(version: string): void {
  const kind = version.includes('MariaDB') ? 'MariaDB' : 'MySQL'
  // MariaDB 10 may report its version as 5.5.5-10.6.1.
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version.replace(/^5\.5\.5-/, '')) ?? []
  const [least, point] = LEAST[kind]
  if (Number(major) < least || (Number(major) === least && Number(minor) < point))
    throw new TypeError(
      `mysqlInbox: the server must be MariaDB 10.6, MySQL 8.0 or newer, got ${version}; upgrade it`,
    )
}

/** Throws a `TypeError` if a table has no transactions, or has a trigger, which could run code of other users. */
async function checkTables(db: Pick<Database, 'rows'>, database: string): Promise<void> {
  const tables = await db.rows<{ name: string; engine: string | null }>(
    `SELECT t.table_name AS name, t.engine AS engine FROM information_schema.tables t
     WHERE t.table_schema = CONVERT(${literal(database)} USING utf8mb4) AND t.table_name LIKE 'postern\\_%'`,
  )
  if (tables.length === 0) return
  const table = tables.find(({ engine }) => engine !== 'InnoDB')
  if (table)
    throw new TypeError(
      table.engine === null
        ? `mysqlInbox: ${database}.${table.name} is not a table but a view: drop it, or use another database`
        : `mysqlInbox: ${database}.${table.name} must be a table of InnoDB, got ${table.engine}, which has no transactions: ALTER TABLE ${database}.${table.name} ENGINE = InnoDB`,
    )
  // SHOW opens only tables with these names. A query of information_schema.triggers opens all tables of the database,
  // and MariaDB 11.8 once crashed in it while another connection dropped tables.
  const triggers = await db.rows<{ Trigger: string; Table: string }>(
    `SHOW TRIGGERS FROM ${quotedName(database)} LIKE 'postern%'`,
  )
  const trigger = triggers.find(({ Table }) => Table.startsWith('postern_'))
  if (trigger)
    throw new TypeError(
      `mysqlInbox: ${database}.${trigger.Table} has the trigger ${trigger.Trigger}: drop it, or use another database`,
    )
}
