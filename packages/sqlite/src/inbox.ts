import type { DatabaseSync } from 'node:sqlite'
import type { CommitWrite } from '@postern/core/internal'
import type { Duration } from '@postern/core'
import {
  engineInbox,
  transactions,
  type Transactions,
  checks,
  engineSettings,
  type DurableInboxOptions,
  type EngineSettings,
} from '@postern/core/engine'
import type { Inbox, Host } from '@postern/core/inbox'
import { openFile, patiently } from './driver/node.ts'
import { checkFile, layoutOf, migrateFile, type FileLayout } from './store/schema.ts'
import { createStore } from './store/store.ts'

/**
 * Creates an inbox in one SQLite file, with Node's own `node:sqlite`. Acknowledged deliveries are on disk. If a process
 * is killed at any moment, none of them is lost, and no task runs again whose outcome is stored. Several processes on
 * one machine may share the file. The file is opened immediately.
 *
 * @throws {TypeError} If an option is wrong, or if the file cannot be an inbox.
 *
 * @example
 * const inbox = sqliteInbox({ path: 'webhooks.db' })
 * const receiver = createReceiver({ provider: github({ secret }), inbox })
 */
export function sqliteInbox(options: SqliteInboxOptions): Inbox<CommitWrite<DatabaseSync>> {
  const settings = checkSettings(options)
  return openInbox(settings, layoutOf(settings.path))
}

/** Creates the inbox from checked settings, as `sqliteInbox` does. @internal */
export function openInbox(
  settings: Settings,
  layout: FileLayout,
): Inbox<CommitWrite<DatabaseSync>> {
  const { path, readOnly } = settings
  const driver = openFile(
    path,
    (database, life) =>
      readOnly ? checkFile(database, layout) : migrateFile(database, life, layout),
    readOnly,
  )
  return engineInbox({
    settings,
    transactions: transactionsOfApp,
    store: (warn, back) =>
      patiently(driver.errors, () => createStore(driver, settings, layout, warn, back)),
  })
}

const transactionsOfApp: Transactions<DatabaseSync> = transactions('sqliteInbox')

/**
 * Returns the second argument for `receiver.receive`, or for `source.emit` of @postern/forward. The delivery is then
 * stored in an open transaction of your app, on your own connection to the file of the inbox. The event, its tasks and
 * your writes are committed together or not at all. The delivery is rejected if the connection is to another file or
 * has no open transaction.
 *
 * Start the transaction with BEGIN IMMEDIATE, and await nothing else before the COMMIT, since the transaction blocks
 * all other writers. Reply only after the COMMIT. On an error, roll back. Your connection's `PRAGMA synchronous`
 * decides whether a power failure can lose the delivery. With FULL, the default of SQLite, it cannot.
 *
 * @example
 * database.exec('BEGIN IMMEDIATE')
 * database.prepare('INSERT INTO charges VALUES (?)').run(id)
 * await source.emit({ topic: 'card.charged', payload }, inTransaction(database))
 * database.exec('COMMIT')
 */
export function inTransaction(database: DatabaseSync, host: Host = {}): Host {
  return transactionsOfApp.host(database, host)
}

/** Options of `sqliteInbox`. */
export interface SqliteInboxOptions extends DurableInboxOptions {
  /**
   * Path of the file, on a local disk. If the file is missing, it is created. Several processes may share the file. The
   * file may also contain your own tables.
   */
  readonly path: string
  /** How long a delivery may wait for its commit before it gets 503. @default '5s' */
  readonly deadline?: Duration
  /**
   * How often a worker looks for tasks that other processes stored. Tasks that this process stored start immediately.
   * @default '200ms'
   */
  readonly pollInterval?: Duration
}

/** The checked options. All times are in milliseconds. */
interface Settings extends EngineSettings {
  readonly path: string
  readonly readOnly: boolean
}

export function checkSettings(options: SqliteInboxOptions): Settings {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(
      `sqliteInbox: options must be an object, got ${String(options)}; write sqliteInbox({ path: 'webhooks.db' })`,
    )
  const check = checks('sqliteInbox', options)
  const path: unknown = check.value('path')
  const readOnly = check.flag('readOnly', false)
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
  if (/^file:/i.test(path))
    throw new TypeError(
      `sqliteInbox: path must be the path of a file, got the URL ${path}; write ${path.replace(/^file:(?:\/\/)?/i, '')}`,
    )
  if (process.platform !== 'win32' && /^[A-Za-z]:\\/.test(path))
    throw new TypeError(
      `sqliteInbox: path must be valid on this operating system, got the Windows path ${path}`,
    )
  return { ...common, path, readOnly }
}
