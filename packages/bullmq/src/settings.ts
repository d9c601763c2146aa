import type { Duration } from '@postern/core'
import {
  checks,
  pendingShare,
  type CommonSettings,
  type DurableInboxOptions,
} from '@postern/core/engine'
import type { ReplicaSettings } from './store/replicas.ts'
import type { BullmqConnection } from './store/connection.ts'

/** Options of `bullmqInbox`. */
export interface BullmqInboxOptions extends DurableInboxOptions {
  /**
   * Address of Redis. The inbox opens and closes its own connections; if you pass a client, the inbox copies its
   * settings. The inbox reconnects even if `retryStrategy` gives up. On the connection that listens for ready tasks,
   * the inbox ignores `commandTimeout`.
   */
  readonly connection: BullmqConnection
  /**
   * Prefix of all keys. On a Cluster the prefix needs a part in braces (a hash tag), since all keys of a transaction
   * must be in one slot.
   * @default '{postern}'
   */
  readonly prefix?: string
  /** How long a delivery may wait for Redis before it gets 503. @default '2s' */
  readonly deadline?: Duration
  /**
   * Accepts deliveries even if Redis may evict keys (`maxmemory-policy` other than `noeviction`). Acknowledged
   * deliveries can then be lost. If false, deliveries get 503 from such a Redis.
   * @default false
   */
  readonly unsafe?: boolean
  /**
   * Acknowledges a delivery only when `wait` replicas of Redis have it in memory. If the replicas do not confirm in the
   * time `within`, the delivery gets 503. `within` must be shorter than `deadline`. Without this option, a failover to
   * a replica that lags loses acknowledged deliveries. The option cannot be used on a Cluster. @default no replica is
   * waited for; `within` is '1s'
   */
  readonly replicas?: { readonly wait: number; readonly within?: Duration }
}

/** The checked options. All times are in milliseconds. */
export interface Settings extends CommonSettings {
  readonly connection: BullmqConnection
  readonly prefix: string
  readonly maxPendingShare: number
  readonly readOnly: boolean
  readonly unsafe: boolean
  readonly replicas: ReplicaSettings | undefined
}

export const PREFIX = '{postern}'

export function checkSettings(options: BullmqInboxOptions): Settings {
  const check = checks<BullmqInboxOptions>('bullmqInbox', options)
  const connection = check.value('connection')
  const prefix = check.value('prefix') ?? PREFIX
  const unsafe = check.flag('unsafe', false)
  const readOnly = check.flag('readOnly', false)
  const maxPendingShare = pendingShare('bullmqInbox', check.value('maxPendingShare'))
  const replicas = check.value('replicas')
  const common = check.common({ deadline: '2s' })
  check.end()
  if (connection === undefined || connection === null || connection === '')
    throw new TypeError(
      `bullmqInbox: connection must be a URL, options or a client of ioredis, got ${JSON.stringify(connection) ?? 'undefined'}; for a Redis on this machine give 'redis://127.0.0.1:6379'`,
    )
  if (typeof prefix !== 'string' || prefix.trim() === '')
    throw new TypeError('bullmqInbox: prefix must be a string that is not empty')
  if (isCluster(connection) && !/\{[^}]+\}/.test(prefix))
    throw new TypeError(
      `bullmqInbox: prefix must have a hash tag in braces on a Cluster, such as {postern}, got ${prefix}; a transaction reaches only keys with the same hash tag`,
    )
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
      'bullmqInbox: replicas cannot be used on a Cluster, where WAIT may ask the wrong node; leave replicas out, and set min-replicas-to-write in the configuration of Redis',
    )
  return settings
}

function isCluster(connection: BullmqConnection): boolean {
  return (
    typeof connection === 'object' && 'isCluster' in connection && connection.isCluster === true
  )
}
