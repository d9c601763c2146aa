import {
  checks,
  serverSettings,
  type ServerInboxOptions,
  type ServerSettings,
} from '@postern/core/engine'

/** A pool of `mysql2` or `mysql2/promise`. */
export interface MysqlPool {
  getConnection: unknown
  /** The pool of `mysql2` that a pool of `mysql2/promise` wraps. */
  readonly pool?: unknown
}

/** Options of `mysqlInbox`. Either `connectionString` or `pool` is required. */
export interface MysqlInboxOptions extends ServerInboxOptions {
  /** URL of MariaDB or MySQL, such as `mysql://user:password@host/database`. @default none */
  readonly connectionString?: string
  /**
   * A pool of `mysql2` or `mysql2/promise`, in place of `connectionString`. The pool needs room for at least
   * three connections. The inbox keeps the pool's settings, and does not close the pool.
   * @default none
   */
  readonly pool?: MysqlPool
  /**
   * Database of the tables `postern_*`. If the database is missing, it is created. @default the database of the
   * connection
   */
  readonly database?: string
  /**
   * Prepares statements once on each connection. Set false for poolers that lose prepared statements, such as ProxySQL
   * without multiplexing of statements. @default true
   */
  readonly prepare?: boolean
}

/** The checked options. All times are in milliseconds. */
export interface Settings extends ServerSettings {
  readonly pool: MysqlPool | undefined
  readonly database: string | undefined
}

export function checkSettings(options: MysqlInboxOptions): Settings {
  const check = checks<MysqlInboxOptions>('mysqlInbox', options)
  const database = check.value('database')
  const common = serverSettings<MysqlPool>('mysqlInbox', check, {
    url: /^(?:mysql|mariadb):\/\/\S+$/,
    example: 'mysql://user:password@host/database',
    method: 'getConnection',
    pools: 'a pool of mysql2, as mysql.createPool makes it',
  })
  checkDatabase(database)
  check.end()
  return { ...common, database }
}

/**
 * Throws a `TypeError` if the name is longer than 64 characters, or has characters other than letters, digits and
 * underscores.
 */
export function checkDatabase(database: string | undefined): void {
  if (database !== undefined && !/^\w{1,64}$/.test(String(database)))
    throw new TypeError(
      `mysqlInbox: database must be a name of letters, digits and _, at most 64, got ${JSON.stringify(database)}`,
    )
}
