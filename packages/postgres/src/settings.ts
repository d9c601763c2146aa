import {
  checks,
  serverSettings,
  type ServerInboxOptions,
  type ServerSettings,
} from '@postern/core/engine'
import type { PgPool } from './store/pg.ts'

/** Options of `postgresInbox`. Either `connectionString` or `pool` is required. */
export interface PostgresInboxOptions extends ServerInboxOptions {
  /** URL of PostgreSQL, such as `postgres://user@host/database`. @default none */
  readonly connectionString?: string
  /**
   * A `Pool` of `pg`, in place of `connectionString`. The pool needs room for at least three clients, of which one
   * listens for notifications. The inbox does not close the pool. @default none
   */
  readonly pool?: PgPool
  /**
   * Schema of the tables `postern_*`, in lower case. If the schema is missing, it is created.
   * @default 'public'
   */
  readonly schema?: string
  /**
   * Role that must own the tables, since the owner of a table can run code as your app. Without this option, the role
   * of the connection must own the tables or be a member of the role that owns them. @default none
   */
  readonly tableOwner?: string
  /**
   * Prepares statements once on each connection, which saves a quarter of their CPU time. PgBouncer in transaction
   * mode needs `max_prepared_statements` for prepared statements. Without that setting, the inbox warns and continues
   * with unprepared statements. @default true
   */
  readonly prepare?: boolean
}

/** The checked options. All times are in milliseconds. */
export interface Settings extends ServerSettings {
  readonly pool: PgPool | undefined
  readonly schema: string
  readonly tableOwner: string | undefined
}

export function checkSettings(options: PostgresInboxOptions): Settings {
  const check = checks<PostgresInboxOptions>('postgresInbox', options)
  const schema = check.value('schema') ?? 'public'
  const tableOwner = check.value('tableOwner')
  const common = serverSettings<PgPool>('postgresInbox', check, {
    url: /^postgres(?:ql)?:\/\/\S+$/,
    example: 'postgres://user:password@host/database',
    method: 'connect',
    pools: 'a Pool of pg',
  })
  if (tableOwner !== undefined && (typeof tableOwner !== 'string' || tableOwner === ''))
    throw new TypeError(
      `postgresInbox: tableOwner must be the name of a role, got ${JSON.stringify(tableOwner)}`,
    )
  // Statements contain the schema name without quotes, so PostgreSQL would read capitals as lower case.
  if (typeof schema !== 'string' || !/^[a-z_][a-z0-9_]{0,47}$/.test(schema))
    throw new TypeError(
      `postgresInbox: schema must be a lower-case name of letters, digits and _, got ${JSON.stringify(schema)}`,
    )
  if (schema.startsWith('pg_'))
    throw new TypeError(
      `postgresInbox: schema must not start with pg_, which PostgreSQL reserves, got ${JSON.stringify(schema)}; use 'webhooks' or a name of your own`,
    )
  check.end()
  return { ...common, schema, tableOwner }
}
