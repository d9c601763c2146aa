import type { Duration } from '@postern/core'
import { checks, engineSettings, type EngineSettings } from '@postern/core/engine'

/** A pool of `mysql2` or `mysql2/promise`. */
export interface MysqlPool {
  getConnection: unknown
  /** That of `mysql2` inside of one of `mysql2/promise`. */
  readonly pool?: unknown
}

type TimeText = Exclude<Duration, number>

/** Options of `mysqlInbox`. One of `connectionString` and `pool` is needed. */
export interface MysqlInboxOptions {
  /** URL of MariaDB or MySQL: `mysql://user:password@host/database`. @default none */
  readonly connectionString?: string
  /** A pool of `mysql2` or `mysql2/promise` in its place, with room for at least three connections. It stays open, and keeps its settings. @default none */
  readonly pool?: MysqlPool
  /** The database in which the tables `postern_*` are; made if it is missing. @default the database of the connection */
  readonly database?: string
  /** Makes the tables, and brings older ones up to date. With false they must be there: `mysqlMigration` prints them. @default true */
  readonly migrate?: boolean
  /**
   * Only reads, for tools that look: makes no tables, gives no sign of life, and takes no receiver. A user who may only SELECT
   * the tables is enough. @default false
   */
  readonly readOnly?: boolean
  /** Prepares statements once on each connection. Poolers that lose them, such as ProxySQL without multiplexing of statements, need false. @default true */
  readonly prepare?: boolean
  /** Connections of the pool made for `connectionString`. @default 10 */
  readonly maxConnections?: number
  /** Tasks of one receiver that may be pending or running; beyond, its deliveries get 503. Other processes are counted with a delay. @default 1_000_000 */
  readonly maxPending?: number
  /** The part of `maxPending` that one tenant may take; beyond, only its deliveries get 503. From above 0 to 1. @default 0.5 */
  readonly maxPendingShare?: number
  /** Bytes of deliveries that may wait in this process for their commit; beyond, deliveries get 503. @default 64 MiB, or an eighth of the free memory if that is less */
  readonly maxWaitingBytes?: number
  /** How long a delivery may wait for its commit, and any statement for its answer. @default '5s' */
  readonly deadline?: Duration
  /** For how long ids are known as duplicates; at least the sender's retry span. An event stays for the longer of this and `keepDone`. @default '4d' */
  readonly dedupeWindow?: TimeText
  /** For how long done tasks are kept for lists and `replay`. @default '4d' */
  readonly keepDone?: TimeText
  /** For how long dead tasks are kept for `replay` and redelivery. @default '30d' */
  readonly keepDead?: TimeText
  /** After this time without a sign of life from the process that runs a task, another takes it. Renewed while it runs. @default '30s' */
  readonly lease?: Duration
  /** How often a worker polls for tasks of other processes and for retries. @default '500ms' */
  readonly pollInterval?: Duration
}

/** The checked options; times in milliseconds. */
export interface Settings extends EngineSettings {
  readonly connectionString: string | undefined
  readonly pool: MysqlPool | undefined
  readonly database: string | undefined
  readonly migrate: boolean
  readonly readOnly: boolean
  readonly prepare: boolean
  readonly maxConnections: number
}

/** Checks the options. Throws a `TypeError` that names the wrong one. */
export function checkSettings(options: MysqlInboxOptions): Settings {
  const check = checks<MysqlInboxOptions>('mysqlInbox', options)
  const connectionString = check.value('connectionString')
  const pool = check.value('pool')
  const database = check.value('database')
  if ((connectionString === undefined) === (pool === undefined))
    throw new TypeError('mysqlInbox: give either connectionString or pool')
  if (
    connectionString !== undefined &&
    !/^(?:mysql|mariadb):\/\/\S+$/.test(String(connectionString))
  )
    throw new TypeError(
      'mysqlInbox: connectionString must be like mysql://user:password@host/database',
    )
  if (pool !== undefined && typeof pool.getConnection !== 'function')
    throw new TypeError('mysqlInbox: pool must be a pool of mysql2, as mysql.createPool makes it')
  checkDatabase(database)
  const settings = {
    ...engineSettings('mysqlInbox', check, { pollInterval: '500ms' }),
    connectionString,
    pool,
    database,
    migrate: check.flag('migrate', true),
    readOnly: check.flag('readOnly', false),
    prepare: check.flag('prepare', true),
    maxConnections: check.whole('maxConnections', 10, 3),
  }
  check.end()
  return settings
}

/** Throws a `TypeError` for a name that statements cannot contain as it is. */
export function checkDatabase(database: string | undefined): void {
  if (database !== undefined && !/^\w{1,64}$/.test(String(database)))
    throw new TypeError(
      `mysqlInbox: database must be a name of letters, digits and _, at most 64, got ${JSON.stringify(database)}`,
    )
}
