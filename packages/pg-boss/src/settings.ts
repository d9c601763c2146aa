import type { Duration } from '@postern/core'
import { checks, type CommonSettings } from '@postern/core/inbox'
import type { PgBoss } from 'pg-boss'
import type { PgPool } from './pg.ts'

type TimeText = Exclude<Duration, number>

/** Options of `pgBossInbox`. One of `connectionString` and `pool` is needed. */
export interface PgBossInboxOptions {
  /** URL of PostgreSQL: `postgres://user@host/database`. @default none */
  readonly connectionString?: string
  /** A `Pool` of `pg` in its place, with room for at least three clients: one of them listens. It stays open. @default none */
  readonly pool?: PgPool
  /** A `PgBoss` that was started on the same database and schema; it is not stopped. @default one of its own */
  readonly boss?: PgBoss
  /** The schema of pg-boss; tables whose names begin with `postern_` are made in it. Lower case. @default 'pgboss' */
  readonly schema?: string
  /** Makes pg-boss's schema and its migrations, and the same for the tables beside it. @default true */
  readonly migrate?: boolean
  /** Clients of the pool made for `connectionString`. @default 10 */
  readonly maxConnections?: number
  /** Tasks of one receiver that may be pending or running; beyond, its deliveries get 503. Other processes are counted with a delay. @default 1_000_000 */
  readonly maxPending?: number
  /** The part of `maxPending` that one fair key may take; beyond, its deliveries alone get 503. From above 0 to 1. @default 0.5 */
  readonly maxPendingShare?: number
  /** Bytes of deliveries that may wait in this process for their commit; beyond, deliveries get 503. @default 67_108_864 */
  readonly maxWaitingBytes?: number
  /** How long a delivery may wait for its commit before it gets 503. @default '5s' */
  readonly deadline?: Duration
  /** For how long ids are known as duplicates after their event is done; at least the sender's retry span. A string such as '4d'. @default '4d' */
  readonly window?: TimeText
  /** For how long done tasks are kept for lists and `replay`. An event's row stays for the longer of `window` and `keepDone`. @default '4d' */
  readonly keepDone?: TimeText
  /** For how long dead tasks are kept for `replay` and redelivery. @default '30d' */
  readonly keepDead?: TimeText
  /**
   * After this time without a sign of life from the process that runs a task, another takes it: that long, and up to a
   * tenth of it more, a task waits whose process was killed. Whole seconds; renewed while it runs. @default '30s'
   */
  readonly lease?: Duration
  /** How often a worker polls: for retries of other processes, and for all tasks if LISTEN does not work. @default '500ms' */
  readonly pollInterval?: Duration
}

/** The checked options; times in milliseconds. */
export interface Settings extends CommonSettings {
  readonly connectionString: string | undefined
  readonly pool: PgPool | undefined
  readonly boss: PgBoss | undefined
  readonly schema: string
  readonly migrate: boolean
  readonly maxConnections: number
  readonly maxPendingShare: number
  readonly pollInterval: number
}

/** Checks the options. Throws a `TypeError` that names the wrong one. */
export function checkSettings(options: PgBossInboxOptions): Settings {
  const check = checks<PgBossInboxOptions>('pgBossInbox', options)
  const connectionString = check.value('connectionString')
  const pool = check.value('pool')
  const boss = check.value('boss')
  const schema = check.value('schema') ?? 'pgboss'
  const migrate = check.value('migrate') ?? true
  const maxPendingShare = check.value('maxPendingShare') ?? 0.5
  if ((connectionString === undefined) === (pool === undefined))
    throw new TypeError('pgBossInbox: give either connectionString or pool')
  if (connectionString !== undefined && !/^postgres(?:ql)?:\/\/\S+$/.test(String(connectionString)))
    throw new TypeError(
      'pgBossInbox: connectionString must be like postgres://user:password@host/database',
    )
  if (pool !== undefined && typeof pool.connect !== 'function')
    throw new TypeError('pgBossInbox: pool must be a Pool of pg')
  if (boss !== undefined && typeof boss.insert !== 'function')
    throw new TypeError('pgBossInbox: boss must be a PgBoss that was started')
  if (typeof migrate !== 'boolean')
    throw new TypeError(`pgBossInbox: migrate must be true or false, got ${String(migrate)}`)
  if (!(typeof maxPendingShare === 'number' && maxPendingShare > 0 && maxPendingShare <= 1))
    throw new TypeError(
      `pgBossInbox: maxPendingShare must be a number from above 0 to 1, got ${String(maxPendingShare)}`,
    )
  checkSchema(schema)
  const common = check.common()
  if (common.lease % 1000 !== 0)
    throw new TypeError(`pgBossInbox: lease must be whole seconds, got ${common.lease} ms`)
  const settings = {
    ...common,
    connectionString,
    pool,
    boss,
    schema,
    migrate,
    maxPendingShare,
    maxConnections: check.whole('maxConnections', 10, 3),
    pollInterval: check.time('pollInterval', '500ms'),
  }
  check.end()
  return settings
}

function checkSchema(schema: string): void {
  // pg-boss writes the name without quotes, so that a capital letter would name another schema than it seems to.
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema))
    throw new TypeError(
      `pgBossInbox: schema must be a lower-case name of letters, digits and _, got ${JSON.stringify(schema)}`,
    )
  // PostgreSQL keeps such names for itself: it would refuse to make the schema, at the first delivery.
  if (schema.startsWith('pg_'))
    throw new TypeError(
      `pgBossInbox: schema must not begin with pg_, which PostgreSQL reserves, got ${JSON.stringify(schema)}; use 'pgboss' or a name of your own`,
    )
}
