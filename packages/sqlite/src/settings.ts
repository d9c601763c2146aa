import { milliseconds, type Duration } from '@postern/core'

/** Options of `sqliteInbox`. */
export interface SqliteInboxOptions {
  /** The file, on a local disk; made if it is not there. Several processes may share it, and so may tables of your own. */
  readonly path: string
  /** Tasks of one receiver that may be pending or running; beyond, deliveries get 503. @default 1_000_000 */
  readonly maxPending?: number
  /** Bytes of deliveries that may wait in this process for their commit; beyond, deliveries get 503. @default 67_108_864 */
  readonly maxWaitingBytes?: number
  /** How long a delivery may wait for its commit before it gets 503. @default '5s' */
  readonly deadline?: Duration
  /** How long ids of events are known, so that a redelivery runs nothing; at least the sender's retry span. @default '4d' */
  readonly window?: Duration
  /** How long done events are kept for lists and replay. An event is kept for the longer of this and `window`. @default '4d' */
  readonly keepDone?: Duration
  /** How long dead tasks are kept for replay and redelivery. @default '30d' */
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
  readonly maxWaitingBytes: number
  readonly deadline: number
  /** How long done events are kept: the longer of `window` and `keepDone`. */
  readonly keepDone: number
  readonly window: number
  readonly keepDead: number
  readonly lease: number
  readonly pollInterval: number
}

const KNOWN = [
  'path',
  'maxPending',
  'maxWaitingBytes',
  'deadline',
  'window',
  'keepDone',
  'keepDead',
  'lease',
  'pollInterval',
]

/** Checks the options. Throws a `TypeError` that names the option at fault. */
export function checkSettings(options: SqliteInboxOptions): Settings {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(
      `sqliteInbox: options must be an object, got ${String(options)}; write sqliteInbox({ path: 'webhooks.db' })`,
    )
  for (const name of Object.keys(options))
    if (!KNOWN.includes(name))
      throw new TypeError(`sqliteInbox: ${name} is no option; known are ${KNOWN.join(', ')}`)
  const { path } = options
  if (typeof path !== 'string' || path.trim() === '')
    throw new TypeError(
      `sqliteInbox: path must be the name of a file, got ${JSON.stringify(path)}; write sqliteInbox({ path: 'webhooks.db' })`,
    )
  if (path === ':memory:')
    throw new TypeError(
      'sqliteInbox: path must be a file, got :memory:, which forgets what was acknowledged; use memoryInbox() for that',
    )
  const window = span(options.window ?? '4d', 'window')
  return {
    path,
    maxPending: whole(options.maxPending ?? 1_000_000, 'maxPending'),
    maxWaitingBytes: whole(options.maxWaitingBytes ?? 64 * 1024 * 1024, 'maxWaitingBytes'),
    deadline: positive(options.deadline ?? '5s', 'deadline'),
    window,
    keepDone: Math.max(window, span(options.keepDone ?? '4d', 'keepDone')),
    keepDead: span(options.keepDead ?? '30d', 'keepDead'),
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

/** A time whose bare number could be taken for a count. */
function span(value: Duration, name: string): number {
  if (typeof value === 'number')
    throw new TypeError(
      `sqliteInbox: ${name} must be a time with its unit, got ${value}; write '${value}ms', or '4d' for four days`,
    )
  return milliseconds(value, `sqliteInbox: ${name}`)
}

function positive(value: Duration, name: string): number {
  const time = milliseconds(value, `sqliteInbox: ${name}`)
  if (time < 1) throw new TypeError(`sqliteInbox: ${name} must be at least a millisecond`)
  return time
}
