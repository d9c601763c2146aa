import type { Checks, CommonDefaults, CommonSettings } from './attach/checks.ts'
import type { Duration } from '../../basics/deadline.ts'
import type { Inbox } from '../inbox.ts'
import type { Transactions } from './accept/transactions.ts'
import type { Back, StoreParts } from './store.ts'

/** Settings of an inbox on the engine. Times are in milliseconds. */
export interface EngineSettings extends CommonSettings {
  /** Share of `maxPending` that one tenant may hold. */
  readonly maxPendingShare: number
  /** How often a worker looks for tasks that other processes have stored. */
  readonly pollInterval: number
  /** True if the inbox only reads. Stores check this setting too. @default false */
  readonly readOnly?: boolean
}

// A number is not allowed, since it could be meant as a count.
type TimeText = Exclude<Duration, number>

/** Options that all durable inboxes have. */
export interface DurableInboxOptions {
  /**
   * Opens the inbox only for reading, as tools do. The inbox then creates and writes nothing, and no receiver can use
   * it. On a database server, a role with SELECT is enough.
   * @default false
   */
  readonly readOnly?: boolean
  /**
   * Maximum number of pending and running tasks of one receiver. Deliveries above this number get 503. Processes that
   * share a server count each other's tasks with a delay.
   * @default 1_000_000
   */
  readonly maxPending?: number
  /**
   * Share of `maxPending` that one tenant may hold, above 0 and at most 1. If a tenant holds more, only deliveries of
   * that tenant get 503.
   * @default 0.5
   */
  readonly maxPendingShare?: number
  /**
   * Maximum total size of the deliveries that wait in this process for their commit, in bytes. Above this size,
   * deliveries get 503.
   * @default 64 MiB, or an eighth of the free memory if that is less
   */
  readonly maxWaitingBytes?: number
  /**
   * How long event ids are remembered to recognize duplicates; at least the provider's retry span. An event is kept for
   * `dedupeWindow` or `keepDone`, whichever is longer.
   * @default '4d'
   */
  readonly dedupeWindow?: TimeText
  /** How long done tasks are kept for lists and `replay`. @default '4d' */
  readonly keepDone?: TimeText
  /** How long dead tasks are kept for `replay` and redelivery. @default '30d' */
  readonly keepDead?: TimeText
  /**
   * How long a process may fail to renew its claims before another process runs its tasks.
   * @default '30s'
   */
  readonly lease?: Duration
}

/** Options that all inboxes with tables on a database server have. */
export interface ServerInboxOptions extends DurableInboxOptions {
  /**
   * True to make missing tables, and to update tables of an older version. If false, run the statements of the
   * package's migration function first.
   * @default true
   */
  readonly migrate?: boolean
  /** Maximum number of connections in the pool that is made for `connectionString`. @default 10 */
  readonly maxConnections?: number
  /** How long a delivery may wait for its commit, and a statement for its answer. @default '5s' */
  readonly deadline?: Duration
  /** How often a worker polls for retries and for tasks of other processes. @default '500ms' */
  readonly pollInterval?: Duration
}

/** The checked options of an inbox with tables on a database server. */
export interface ServerSettings extends EngineSettings {
  readonly connectionString: string | undefined
  readonly migrate: boolean
  readonly readOnly: boolean
  readonly prepare: boolean
  readonly maxConnections: number
}

/**
 * Reads the options that all inboxes with tables on a database server have.
 *
 * @throws {TypeError} If an option is wrong, or not exactly one of `connectionString` and `pool` is given.
 */
export function serverSettings<Pool extends object>(
  inbox: string,
  check: Checks<
    ServerInboxOptions & {
      readonly connectionString?: string
      readonly pool?: Pool
      readonly prepare?: boolean
    }
  >,
  {
    url,
    example,
    method,
    pools,
  }: {
    readonly url: RegExp
    readonly example: string
    /** `method` is a method that each pool has, and `pools` describes pools in errors. */
    readonly method: keyof Pool & string
    readonly pools: string
  },
): ServerSettings & { readonly pool: Pool | undefined } {
  const connectionString = check.value('connectionString')
  const pool = check.value('pool')
  if ((connectionString === undefined) === (pool === undefined))
    throw new TypeError(`${inbox}: give either connectionString or pool`)
  if (connectionString !== undefined && !url.test(String(connectionString)))
    throw new TypeError(`${inbox}: connectionString must be like ${example}`)
  if (pool !== undefined && typeof pool[method] !== 'function')
    throw new TypeError(`${inbox}: pool must be ${pools}`)
  return {
    ...engineSettings(inbox, check, { pollInterval: '500ms' }),
    connectionString,
    pool,
    migrate: check.flag('migrate', true),
    readOnly: check.flag('readOnly', false),
    prepare: check.flag('prepare', true),
    maxConnections: check.whole('maxConnections', 10, 3),
  }
}

/** Options that all inboxes on the engine have. */
export type EngineOptions = Pick<ServerInboxOptions, 'maxPendingShare' | 'pollInterval'>

/** Reads the options that all inboxes on the engine share. Throws a `TypeError` that names a wrong option. */
export function engineSettings<Options extends EngineOptions>(
  inbox: string,
  check: Checks<Options>,
  defaults: CommonDefaults & { readonly pollInterval: Duration },
): EngineSettings {
  return {
    ...check.common(defaults),
    maxPendingShare: pendingShare(inbox, check.value('maxPendingShare')),
    pollInterval: check.time('pollInterval', defaults.pollInterval),
  }
}

export function pendingShare(inbox: string, given: number | undefined): number {
  const share = given ?? 0.5
  if (typeof share === 'number' && share > 0 && share <= 1) return share
  throw new TypeError(
    `${inbox}: maxPendingShare must be a number from above 0 to 1, got ${String(share)}`,
  )
}

export interface EngineInboxOptions {
  /** Makes the store. `warn` logs a warning to all receivers. `back` must be called if the store was restored. */
  readonly store: (warn: (message: string) => void, back: Back) => StoreParts
  readonly settings: EngineSettings
  /** Carries transactions of the app; made with `transactions(name)`. */
  readonly transactions: Transactions<unknown>
  /** Features that the inbox supports. Features that are left out are supported. @default all of them */
  readonly can?: Partial<Inbox['can']>
  /**
   * False to skip the check that the deduplication window covers the sender's retry span. If the inbox remembers each
   * id for as long as the sender may deliver the event again, set false.
   * @default true
   */
  readonly windowed?: boolean
  /** Maximum time that `waitUntil` waits for running tasks, in milliseconds. @default not at all */
  readonly hold?: number
}
