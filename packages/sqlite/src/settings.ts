import type { Duration } from '@postern/core'
import { checks, engineSettings, type EngineSettings } from '@postern/core/inbox'

/** Options of `sqliteInbox`. */
export interface SqliteInboxOptions {
  /** The file, on a local disk; made if it is missing. Several processes may share it. It may hold your tables too. */
  readonly path: string
  /** Tasks of one receiver that may be pending or running; beyond, deliveries get 503. @default 1_000_000 */
  readonly maxPending?: number
  /** Share of `maxPending` that one tenant (`fairBy` key) may hold, so that a flood refuses that tenant and not all. @default 0.5 */
  readonly maxPendingShare?: number
  /** Bytes of deliveries that may wait in this process for their commit; beyond, deliveries get 503. @default 64 MiB, or an eighth of the free memory if that is less */
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

/** The checked options; times in milliseconds. */
export interface Settings extends EngineSettings {
  readonly path: string
}

/** Checks the options. Throws a `TypeError` that names the wrong option. */
export function checkSettings(options: SqliteInboxOptions): Settings {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(
      `sqliteInbox: options must be an object, got ${String(options)}; write sqliteInbox({ path: 'webhooks.db' })`,
    )
  const check = checks('sqliteInbox', options)
  const path: unknown = check.value('path')
  const common = engineSettings('sqliteInbox', check, { pollInterval: '200ms' })
  check.end()
  if (typeof path !== 'string' || path.trim() === '')
    throw new TypeError(
      `sqliteInbox: path must be the name of a file, got ${JSON.stringify(path)}; write sqliteInbox({ path: 'webhooks.db' })`,
    )
  if (path === ':memory:')
    throw new TypeError(
      'sqliteInbox: path must be a file, got :memory:, which forgets what was acknowledged; use memoryInbox() for that',
    )
  return { ...common, path }
}
