import {
  checks,
  serverSettings,
  type ServerInboxOptions,
  type ServerSettings,
} from '@postern/core/engine'

/** A pool of `mysql2` or `mysql2/promise`. */
export interface MysqlPool {
  getConnection: unknown
  /** The pool of `mysql2` inside one of `mysql2/promise`. */
  readonly pool?: unknown
}

/** Options of `mysqlInbox`. One of `connectionString` and `pool` is required. */
export interface MysqlInboxOptions extends ServerInboxOptions {
  /** URL of MariaDB or MySQL: `mysql://user:password@host/database`. @default none */
  readonly connectionString?: string
  /** A pool of `mysql2` or `mysql2/promise` instead, with room for at least three connections. The inbox keeps its settings, and does not close it. @default none */
  readonly pool?: MysqlPool
  /** Database of the tables `postern_*`; made if it is missing. @default the database of the connection */
  readonly database?: string
  /** Prepares statements once on each connection. Poolers that lose them, such as ProxySQL without multiplexing of statements, need false. @default true */
  readonly prepare?: boolean
}

/** The checked options; times in milliseconds. */
export interface Settings extends ServerSettings {
  readonly pool: MysqlPool | undefined
  readonly database: string | undefined
}

/** Checks the options. Throws a `TypeError` that names the wrong one. */
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

/** Throws a `TypeError` for a name that statements cannot contain as it is. */
export function checkDatabase(database: string | undefined): void {
  if (database !== undefined && !/^\w{1,64}$/.test(String(database)))
    throw new TypeError(
      `mysqlInbox: database must be a name of letters, digits and _, at most 64, got ${JSON.stringify(database)}`,
    )
}
