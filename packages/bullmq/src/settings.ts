import { milliseconds, type Duration } from '@postern/core'
import type { Cluster, Redis, RedisOptions } from 'ioredis'

/** What to connect to: a URL, options of ioredis, or a client of ioredis whose settings are copied. */
export type BullmqConnection = Redis | Cluster | RedisOptions | string

/** Options of `bullmqInbox`. */
export interface BullmqInboxOptions {
  /** Where Redis is. The inbox opens connections of its own with it and closes them; a client given stays yours. @default 'redis://127.0.0.1:6379' */
  readonly connection?: BullmqConnection
  /** What all keys begin with. The braces put them into one slot of a Cluster, where one transaction reaches them. @default '{postern}' */
  readonly prefix?: string
  /** Tasks of one subscription that may be pending or running; beyond, deliveries get 503. @default 1_000_000 */
  readonly maxPending?: number
  /** Bytes of deliveries that may wait in this process for Redis; beyond, deliveries get 503. @default 67_108_864 */
  readonly maxWaitingBytes?: number
  /** How long a delivery may wait for Redis before it gets 503. @default '2s' */
  readonly deadline?: Duration
  /** For how long events are kept, and known as duplicates, after they are done; at least the sender's retry span. @default '4d' */
  readonly keepDone?: Duration
  /** For how long dead tasks are kept for `replay` and redelivery. @default '30d' */
  readonly keepDead?: Duration
  /** After this time without a sign of life from the process that runs a task, another takes it. Renewed while it runs. @default '30s' */
  readonly lease?: Duration
}

/** The options, checked; times in milliseconds. */
export interface Settings {
  readonly connection: BullmqConnection
  readonly prefix: string
  readonly maxPending: number
  readonly maxWaitingBytes: number
  readonly deadline: number
  readonly keepDone: number
  readonly keepDead: number
  readonly lease: number
}

/** Checks the options. Throws a `TypeError` that names the one at fault. */
export function checkSettings(options: BullmqInboxOptions): Settings {
  const prefix = options.prefix ?? '{postern}'
  if (typeof prefix !== 'string' || prefix.trim() === '')
    throw new TypeError('bullmqInbox: prefix must be a text that is not empty')
  const { connection = 'redis://127.0.0.1:6379' } = options
  if (typeof connection === 'object' && 'isCluster' in connection && connection.isCluster) {
    if (!/\{[^}]+\}/.test(prefix))
      throw new TypeError(
        `bullmqInbox: prefix must have a part in braces on a Cluster, as in {postern}, got ${prefix}: one transaction reaches one slot`,
      )
  }
  return {
    connection,
    prefix,
    maxPending: whole(options.maxPending ?? 1_000_000, 'maxPending'),
    maxWaitingBytes: whole(options.maxWaitingBytes ?? 64 * 1024 * 1024, 'maxWaitingBytes'),
    deadline: positive(options.deadline ?? '2s', 'deadline'),
    keepDone: positive(options.keepDone ?? '4d', 'keepDone'),
    keepDead: positive(options.keepDead ?? '30d', 'keepDead'),
    lease: positive(options.lease ?? '30s', 'lease'),
  }
}

function whole(value: number, name: string): number {
  if (!(Number.isSafeInteger(value) && value >= 1))
    throw new TypeError(
      `bullmqInbox: ${name} must be a whole number from 1 and up, got ${String(value)}`,
    )
  return value
}

function positive(value: Duration, name: string): number {
  const time = milliseconds(value, `bullmqInbox: ${name}`)
  if (time < 1) throw new TypeError(`bullmqInbox: ${name} must be at least a millisecond`)
  return time
}
