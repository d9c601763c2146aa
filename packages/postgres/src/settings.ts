import type { Duration } from '@postern/core'
import { checks, engineSettings, type EngineSettings } from '@postern/core/engine'
import type { PgPool } from './store/pg.ts'

type TimeText = Exclude<Duration, number>

/** Options of `postgresInbox`. One of `connectionString` and `pool` is needed. */
export interface PostgresInboxOptions {
  /** URL of PostgreSQL: `postgres://user@host/database`. @default none */
  readonly connectionString?: string
  /** A `Pool` of `pg` in its place, with room for at least three clients: one of them listens. It stays open. @default none */
  readonly pool?: PgPool
  /** The schema in which the tables `postern_*` lie; made if it is missing. Lower case. @default 'public' */
  readonly schema?: string
  /**
   * The role that the tables must belong to. Without it they must belong to the role of the connection, or to one that it is a
   * member of: whoever owns them can have code of theirs run as your app. @default none
   */
  readonly tableOwner?: string
  /** Makes the tables, and brings older ones up to date. With false they must be there: `postgresMigration` prints them. @default true */
  readonly migrate?: boolean
  /**
   * Only reads, for tools that look: makes no tables, gives no sign of life, and takes no receiver. A role that may only SELECT
   * the tables is enough, whoever owns them. @default false
   */
  readonly readOnly?: boolean
  /**
   * Prepares statements once on each connection: it saves a quarter of their CPU. PgBouncer in transaction mode needs
   * `max_prepared_statements` for it; without, the inbox notices and continues unprepared. @default true
   */
  readonly prepare?: boolean
  /** Clients of the pool made for `connectionString`. @default 10 */
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
  /** How often a worker polls: for retries of other processes, and for all tasks if LISTEN does not work. @default '500ms' */
  readonly pollInterval?: Duration
}

/** The checked options; times in milliseconds. */
export interface Settings extends EngineSettings {
  readonly connectionString: string | undefined
  readonly pool: PgPool | undefined
  readonly schema: string
  readonly tableOwner: string | undefined
  readonly migrate: boolean
  readonly readOnly: boolean
  readonly prepare: boolean
  readonly maxConnections: number
}

/** Checks the options. Throws a `TypeError` that names the wrong one. */
export function checkSettings(options: PostgresInboxOptions): Settings {
  const check = checks<PostgresInboxOptions>('postgresInbox', options)
  const connectionString = check.value('connectionString')
  const pool = check.value('pool')
  const schema = check.value('schema') ?? 'public'
  const tableOwner = check.value('tableOwner')
  const migrate = check.flag('migrate', true)
  const readOnly = check.flag('readOnly', false)
  const prepare = check.flag('prepare', true)
  if ((connectionString === undefined) === (pool === undefined))
    throw new TypeError('postgresInbox: give either connectionString or pool')
  if (connectionString !== undefined && !/^postgres(?:ql)?:\/\/\S+$/.test(String(connectionString)))
    throw new TypeError(
      'postgresInbox: connectionString must be like postgres://user:password@host/database',
    )
  if (pool !== undefined && typeof pool.connect !== 'function')
    throw new TypeError('postgresInbox: pool must be a Pool of pg')
  if (tableOwner !== undefined && (typeof tableOwner !== 'string' || tableOwner === ''))
    throw new TypeError(
      `postgresInbox: tableOwner must be the name of a role, got ${JSON.stringify(tableOwner)}`,
    )
  checkSchema(schema)
  const settings = {
    ...engineSettings('postgresInbox', check, { pollInterval: '500ms' }),
    connectionString,
    pool,
    schema,
    tableOwner,
    migrate,
    readOnly,
    prepare,
    maxConnections: check.whole('maxConnections', 10, 3),
  }
  check.end()
  return settings
}

function checkSchema(schema: string): void {
  // The name is in statements without quotes, so that a capital letter would name another schema than it seems to.
  if (typeof schema !== 'string' || !/^[a-z_][a-z0-9_]{0,47}$/.test(schema))
    throw new TypeError(
      `postgresInbox: schema must be a lower-case name of letters, digits and _, got ${JSON.stringify(schema)}`,
    )
  // PostgreSQL keeps such names for itself: it would refuse to make the schema, at the first delivery.
  if (schema.startsWith('pg_'))
    throw new TypeError(
      `postgresInbox: schema must not start with pg_, which PostgreSQL reserves, got ${JSON.stringify(schema)}; use 'webhooks' or a name of your own`,
    )
}
