import type { Duration } from '@postern/core'
import { checks, type CommonSettings } from '@postern/core/engine'
import type { ReplicaSettings } from './store/replicas.ts'
import type { BullmqConnection } from './store/connection.ts'

/** Options of `bullmqInbox`. */
export interface BullmqInboxOptions {
  /**
   * The address of Redis. The inbox opens its own connections and closes them; a given client stays yours. A lost connection is
   * made again even if `retryStrategy` gives up, and `commandTimeout` does not count for workers.
   */
  readonly connection: BullmqConnection
  /** Prefix of all keys. The braces put them into one slot of a Cluster, since a transaction reaches one slot. @default '{postern}' */
  readonly prefix?: string
  /** Only reads, for tools that look: writes no key, and takes no receiver. @default false */
  readonly readOnly?: boolean
  /** Tasks of one receiver that may be pending or running, over all its subscriptions; beyond, deliveries get 503. @default 1_000_000 */
  readonly maxPending?: number
  /** The part of `maxPending` that tasks of one tenant may take, over the subscriptions that have its event. @default 0.5 */
  readonly maxPendingShare?: number
  /** Bytes of deliveries that may wait in this process for Redis; beyond, deliveries get 503. @default 64 MiB, or an eighth of the free memory if that is less */
  readonly maxWaitingBytes?: number
  /** How long a delivery may wait for Redis before it gets 503. @default '2s' */
  readonly deadline?: Duration
  /** How long ids are known; at least the sender's retry span. They stay as long as their tasks, if that is longer. @default '4d' */
  readonly dedupeWindow?: Duration
  /** How long done tasks are kept. @default '4d' */
  readonly keepDone?: Duration
  /** How long dead tasks are kept for `replay` and redelivery. @default '30d' */
  readonly keepDead?: Duration
  /** After this time without a sign of life from the process that runs a task, another takes it. Renewed while it runs. @default '30s' */
  readonly lease?: Duration
  /**
   * Takes deliveries although Redis may evict keys (`maxmemory-policy` other than `noeviction`). Acknowledged
   * deliveries can then be lost. If false, deliveries get 503 from such a Redis. @default false
   */
  readonly unsafe?: boolean
  /**
   * Acknowledges a delivery only when `wait` replicas of Redis have it, in memory, `within` that time, which must be shorter
   * than `deadline`; else it gets 503. Without it, a failover to a replica that lags loses what was acknowledged. Not for a
   * Cluster. @default no replica is waited for; `within` is '1s'
   */
  readonly replicas?: { readonly wait: number; readonly within?: Duration }
}

/** The checked options; times in milliseconds. */
export interface Settings extends CommonSettings {
  readonly connection: BullmqConnection
  readonly prefix: string
  readonly maxPendingShare: number
  readonly readOnly: boolean
  readonly unsafe: boolean
  readonly replicas: ReplicaSettings | undefined
}

const DEADLINE = '2s'
/** The default of `prefix`. */
export const PREFIX = '{postern}'

/** Checks the options. Throws a `TypeError` that names the wrong one. */
export function checkSettings(options: BullmqInboxOptions): Settings {
  const check = checks<BullmqInboxOptions>('bullmqInbox', options)
  const connection = check.value('connection')
  const prefix = check.value('prefix') ?? PREFIX
  const unsafe = check.flag('unsafe', false)
  const readOnly = check.flag('readOnly', false)
  const maxPendingShare = check.value('maxPendingShare') ?? 0.5
  const replicas = check.value('replicas')
  const common = check.common({ deadline: DEADLINE })
  check.end()
  if (connection === undefined || connection === null || connection === '')
    throw new TypeError(
      `bullmqInbox: connection must be a URL, options or a client of ioredis, got ${JSON.stringify(connection) ?? 'undefined'}; for a Redis on this machine give 'redis://127.0.0.1:6379'`,
    )
  if (typeof prefix !== 'string' || prefix.trim() === '')
    throw new TypeError('bullmqInbox: prefix must be a string that is not empty')
  if (!(typeof maxPendingShare === 'number' && maxPendingShare > 0 && maxPendingShare <= 1))
    throw new TypeError(
      `bullmqInbox: maxPendingShare must be a number from above 0 to 1, got ${String(maxPendingShare)}`,
    )
  if (isCluster(connection)) {
    if (!/\{[^}]+\}/.test(prefix))
      throw new TypeError(
        `bullmqInbox: prefix must have a part in braces on a Cluster, as in {postern}, got ${prefix}: one transaction reaches one slot`,
      )
  }
  return {
    ...common,
    connection,
    prefix,
    maxPendingShare,
    readOnly,
    unsafe,
    replicas: replicas && checkReplicas(replicas, connection, common.deadline),
  }
}

function checkReplicas(
  replicas: NonNullable<BullmqInboxOptions['replicas']>,
  connection: BullmqConnection,
  deadline: number,
): ReplicaSettings {
  const check = checks<typeof replicas>('bullmqInbox: replicas', replicas)
  const settings = { wait: check.whole('wait', Number.NaN), within: check.time('within', '1s') }
  check.end()
  if (settings.within >= deadline)
    throw new TypeError(
      `bullmqInbox: replicas.within must be shorter than deadline, which is ${deadline} ms, got ${settings.within} ms`,
    )
  if (isCluster(connection))
    throw new TypeError(
      'bullmqInbox: replicas cannot be used on a Cluster, where WAIT reaches a node of no known slot; set min-replicas-to-write in its configuration',
    )
  return settings
}

function isCluster(connection: BullmqConnection): boolean {
  return (
    typeof connection === 'object' && 'isCluster' in connection && connection.isCluster === true
  )
}
