import { milliseconds, type Duration } from '@postern/core'

/** Options of `sqliteInbox`. */
export interface SqliteInboxOptions {
  /** The file, on a local disk; made where it is not there. Several processes may share it, and so may tables of your own. */
  readonly path: string
  /** Tasks that may be pending or running in the file; beyond, deliveries get 503. @default 1_000_000 */
  readonly maxPending?: number
  /** Bytes of deliveries that may wait in this process for their commit; beyond, deliveries get 503. @default 67_108_864 */
  readonly maxWaiting?: number
  /** How long a delivery may wait for its commit before it gets 503. @default '5s' */
  readonly deadline?: Duration
  /** For how long events are kept, and known as duplicates, after they are done; at least the sender's retry span. @default '4d' */
  readonly keepDone?: Duration
  /** For how long dead tasks are kept for `replay` and redelivery. @default '30d' */
  readonly keepDead?: Duration
  /** After this time without a sign of life from the process that runs a task, another takes it. Renewed while it runs. @default '30s' */
  readonly lease?: Duration
  /** How often a worker looks for what other processes stored. What this process stored runs at once. @default '200ms' */
  readonly pollInterval?: Duration
}

/** The options, checked; times in milliseconds. */
export interface Settings {
  readonly path: string
  readonly maxPending: number
  readonly maxWaiting: number
  readonly deadline: number
  readonly keepDone: number
  readonly keepDead: number
  readonly lease: number
  readonly pollInterval: number
}

/** Checks the options. Throws a `TypeError` that names the one at fault. */
export function checkSettings(options: SqliteInboxOptions): Settings {
  const { path } = options
  if (typeof path !== 'string' || path.trim() === '')
    throw new TypeError(`sqliteInbox: path must be the name of a file, got ${JSON.stringify(path)}`)
  if (path === ':memory:')
    throw new TypeError(
      'sqliteInbox: path must be a file, since :memory: forgets what was acknowledged: memoryInbox() does that for less',
    )
  return {
    path,
    maxPending: whole(options.maxPending ?? 1_000_000, 'maxPending'),
    maxWaiting: whole(options.maxWaiting ?? 64 * 1024 * 1024, 'maxWaiting'),
    deadline: positive(options.deadline ?? '5s', 'deadline'),
    keepDone: milliseconds(options.keepDone ?? '4d', 'sqliteInbox: keepDone'),
    keepDead: milliseconds(options.keepDead ?? '30d', 'sqliteInbox: keepDead'),
    lease: positive(options.lease ?? '30s', 'lease'),
    pollInterval: positive(options.pollInterval ?? '200ms', 'pollInterval'),
  }
}

function whole(value: number, name: string): number {
  if (!(Number.isSafeInteger(value) && value >= 1))
    throw new TypeError(
      `sqliteInbox: ${name} must be a whole number from 1 and up, got ${String(value)}`,
    )
  return value
}

function positive(value: Duration, name: string): number {
  const time = milliseconds(value, `sqliteInbox: ${name}`)
  if (time < 1) throw new TypeError(`sqliteInbox: ${name} must be at least a millisecond`)
  return time
}
