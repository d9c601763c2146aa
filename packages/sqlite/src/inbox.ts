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

// Quick handlers get tasks ahead, so that a transaction is shared by more of them: as many as end within this time, in
// milliseconds, and no more than this number.
const AHEAD = { time: 20, most: 256 }

/**
 * An inbox in one SQLite file, on Node's own `node:sqlite`. Acknowledged deliveries are on the disk: a process that is
 * killed at any moment loses none, and no settled task runs again. Several processes of one machine may share the
 * file. Opens the file at once: throws a `TypeError` if it cannot be an inbox.
 *
 * @example
 * const inbox = sqliteInbox({ path: 'webhooks.db' })
 * const receiver = createReceiver({ provider: github({ secret }), inbox })
 */
export function sqliteInbox(options: SqliteInboxOptions): Inbox<CommitWrite<DatabaseSync>> {
  const settings = checkSettings(options)
  return openInbox(settings, layoutOf(settings.path))
}

/** Opens it with a layout. */
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
    ahead: AHEAD,
    transactions: transactionsOfApp,
    store: (warn, back) =>
      patiently(driver.errors, () => createStore(driver, settings, layout, warn, back)),
  })
}

/** Transactions of the application, on connections of its own. */
const transactionsOfApp: Transactions<DatabaseSync> = transactions('sqliteInbox')

/**
 * A host that stores its delivery in a transaction of the application, on the application's connection to the file of
 * the inbox. Pass it to `receiver.receive(delivery, host)`, or `source.emit(message, host)` of @postern/forward: event,
 * tasks and the application's writes are committed together or not at all. It is rejected if the connection is to another
 * file or has no open transaction. Begin with BEGIN IMMEDIATE, and await nothing else before the COMMIT: it blocks all
 * other writers. Send the reply after the COMMIT, since only then its 200 is true. The connection decides on safety
 * against a loss of power (`PRAGMA synchronous = FULL`, SQLite's default). On an error, roll back.
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
  /** The file, on a local disk; made if it is missing. Several processes may share it. It may contain your tables too. */
  readonly path: string
  /** How long a delivery may wait for its commit before it gets 503. @default '5s' */
  readonly deadline?: Duration
  /** How often a worker looks for tasks that other processes stored. Tasks of this process run at once. @default '200ms' */
  readonly pollInterval?: Duration
}

/** The checked options; times in milliseconds. */
interface Settings extends EngineSettings {
  readonly path: string
  readonly readOnly: boolean
}

/** Checks the options. Throws a `TypeError` that names the wrong option. */
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
      `sqliteInbox: path must be a path of this system, got ${path}, which is one of Windows`,
    )
  return { ...common, path, readOnly }
}
