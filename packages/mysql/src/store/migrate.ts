import {
  migrateServer,
  migrationStatements,
  type Layout,
  type LayoutStep,
  type Migrated,
  type Versions,
} from '@postern/core/engine'
import { checkDatabase } from '../settings.ts'
import { literal, NOW } from '../sql/lines.ts'
import { META, STEPS } from '../sql/schema.ts'
import type { Database, Sql } from './connection.ts'

// Making the tables of a version over many rows takes its time, in milliseconds.
const PATIENCE = 60_000
// A process without a sign of life for that long is gone, in milliseconds: it gives one every ten seconds.
const GONE = 60_000

/** A layout of the tables of a database. */
export type TablesLayout = Layout<string>

/** The layout of this package, and how messages name the tables. */
export function layoutOf(
  database: string | undefined,
  steps: readonly LayoutStep<string>[] = STEPS,
): TablesLayout {
  return {
    inbox: 'mysqlInbox',
    package: '@postern/mysql',
    place: database === undefined ? 'the database' : `database ${database}`,
    steps,
    force:
      database === undefined
        ? 'postern inbox migrate --force --mysql <url>'
        : `migrate({ connectionString, database: '${database}', force: true }) of @postern/mysql`,
  }
}

interface MigrateOptions {
  readonly database?: string | undefined
  readonly migrate: boolean
  readonly force?: boolean
  /** Throws if tables are missing or of an older version. */
  readonly readOnly?: boolean
}

/**
 * Makes the tables, or updates those of an older version, while a lock keeps other processes from doing so. DDL commits by
 * itself: a migration that was interrupted is done again from the last version.
 */
export function migrateTables(
  db: Pick<Database, 'rows' | 'session'>,
  layout: TablesLayout,
  { database, ...options }: MigrateOptions,
): Promise<Migrated> {
  return migrateServer<Sql>(layout, options, {
    versions: (sql) => versionsOf(sql ?? db, database),
    locked: (run) =>
      db.session(PATIENCE, async (sql) => {
        const name = `CONCAT('postern ', LEFT(${nameOf(database)}, 50))`
        const [lock] = await sql.rows(`SELECT GET_LOCK(${name}, ${PATIENCE / 1000 - 10}) AS n`)
        if (lock!.n !== 1) throw new Error('another process has been making the tables for 50 s')
        try {
          // Without the right to make a database, the name of an existing one must not be an error.
          if (database !== undefined && !(await isThere(sql, database)))
            await sql.run(`CREATE DATABASE IF NOT EXISTS \`${database}\``)
          return await run(sql)
        } finally {
          await sql.rows(`SELECT RELEASE_LOCK(${name}) AS n`)
        }
      }),
    living: (sql) =>
      sql.rows(
        `SELECT version FROM $.postern_processes WHERE seen BETWEEN ${NOW} - ${GONE} AND ${NOW} + ${GONE}`,
      ),
    statements: (from) => statements(layout, from),
    run: (sql, statement) => sql.run(statement),
    printedBy: (from) => `mysqlMigration({${from > 0 ? ` from: ${from} ` : ''}})`,
  })
}

async function isThere(sql: Sql, database: string): Promise<boolean> {
  const [row] = await sql.rows(
    `SELECT COUNT(*) AS n FROM information_schema.schemata WHERE schema_name = '${database}'`,
  )
  return row!.n > 0
}

/**
 * The statements that make the tables, or bring those of an older version up to date, for a user who may not CREATE. Each
 * may run twice. Run them in their order, then start with `migrate: false`. Stop older processes first if they may not go on.
 *
 * @example
 * console.log(mysqlMigration({ database: 'webhooks' }))
 */
export function mysqlMigration({
  database,
  from = 0,
}: {
  /** @default that of the connection */
  readonly database?: string
  /** Version of the tables that are there. @default 0, none */
  readonly from?: number
} = {}): string {
  checkDatabase(database)
  const place = database === undefined ? '' : `\`${database}\`.`
  return statements(layoutOf(database), from)
    .map((text) => `${text.replaceAll('$.', () => place)};\n`)
    .join('')
}

function statements(layout: TablesLayout, from: number): readonly string[] {
  // Safe updates of a session require the key.
  return migrationStatements(layout, from, META, ' WHERE id = 1')
}

function nameOf(database: string | undefined): string {
  return database === undefined ? 'DATABASE()' : `'${database}'`
}

/** The version of the tables; both 0 if there are none. */
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
// A batch takes a quarter of it.
const LEAST_PACKET = 4 * 1024 * 1024

/**
 * Throws a `TypeError` if the server, or the session of a pool of the app, has a setting with which what was acknowledged may
 * be lost, or what is written is spoilt. Tells the database in what it finds.
 */
export async function checkServer(
  db: Pick<Database, 'rows' | 'found'>,
  database: string | undefined,
): Promise<void> {
  const [session] = await db.rows<Session>(
    'SELECT VERSION() AS version, DATABASE() AS place, @@sql_mode AS mode, @@autocommit AS auto',
  )
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
  if (!/STRICT_(?:TRANS|ALL)_TABLES/.test(mode))
    throw unfit(
      `sql_mode of the pool is ${mode === '' ? 'empty' : mode}`,
      'the server stores another value in place of one that does not fit',
      "SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',STRICT_TRANS_TABLES')",
    )
  if (auto !== 1)
    throw unfit(
      'autocommit of the pool is off',
      'single statements are not committed',
      'SET GLOBAL autocommit = 1',
    )
  const flush = settings.get('innodb_flush_log_at_trx_commit')
  if (flush !== undefined && flush !== 1)
    throw unfit(
      `innodb_flush_log_at_trx_commit is ${flush}`,
      'a crash of the machine loses deliveries that were acknowledged',
      'SET GLOBAL innodb_flush_log_at_trx_commit = 1',
    )
  const packet = Number(settings.get('max_allowed_packet') ?? LEAST_PACKET)
  if (packet < LEAST_PACKET)
    throw unfit(
      `max_allowed_packet is ${packet}`,
      'deliveries of more bytes cannot be stored',
      'SET GLOBAL max_allowed_packet = 67108864',
    )
  await checkTables(db, place)
  const level = settings.get('transaction_isolation') ?? settings.get('tx_isolation')
  db.found(place, String(level ?? 'REPEATABLE-READ').replace('-', ' '))
}

interface Session {
  readonly version: string
  readonly place: string | null
  readonly mode: string
  readonly auto: number
}

function checkVersion(version: string): void {
  const kind = version.includes('MariaDB') ? 'MariaDB' : 'MySQL'
  // MariaDB 10 may name itself 5.5.5-10.6.1.
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version.replace(/^5\.5\.5-/, '')) ?? []
  const [least, point] = LEAST[kind]
  if (Number(major) < least || (Number(major) === least && Number(minor) < point))
    throw new TypeError(
      `mysqlInbox: the server must be MariaDB 10.6, MySQL 8.0 or newer, got ${version}; upgrade it`,
    )
}

function unfit(is: string, so: string, set: string): TypeError {
  return new TypeError(
    `mysqlInbox: ${is} here, so ${so}: run ${set}, and set it in the configuration of the server`,
  )
}

/** Throws a `TypeError` if tables of the inbox are not InnoDB's, or if another's code runs with them. */
async function checkTables(db: Pick<Database, 'rows'>, database: string): Promise<void> {
  const its = literal(database)
  const [table] = await db.rows<{ name: string; engine: string | null }>(
    `SELECT t.table_name AS name, t.engine AS engine FROM information_schema.tables t
     WHERE t.table_schema = CONVERT(${its} USING utf8mb4) AND t.table_name LIKE 'postern\\_%' AND (t.engine IS NULL OR t.engine <> 'InnoDB') LIMIT 1`,
  )
  if (table)
    throw new TypeError(
      table.engine === null
        ? `mysqlInbox: ${database}.${table.name} is not a table but a view: drop it, or use another database`
        : `mysqlInbox: ${database}.${table.name} must be a table of InnoDB, got ${table.engine}, which has no transactions: ALTER TABLE ${database}.${table.name} ENGINE = InnoDB`,
    )
  const [trigger] = await db.rows<{ name: string; place: string }>(
    `SELECT g.trigger_name AS name, g.event_object_table AS place FROM information_schema.triggers g
     WHERE g.event_object_schema = CONVERT(${its} USING utf8mb4) AND g.event_object_table LIKE 'postern\\_%' LIMIT 1`,
  )
  if (trigger)
    throw new TypeError(
      `mysqlInbox: ${database}.${trigger.place} has the trigger ${trigger.name}: drop it, or use another database`,
    )
}
