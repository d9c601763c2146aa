import type { DatabaseSync } from 'node:sqlite'
import type { CommitWrite } from '@postern/core'
import { engineInbox, type Inbox } from '@postern/core/inbox'
import { openFile, patiently } from './driver/node.ts'
import { transactionsOfApp } from './in-transaction.ts'
import { checkSettings, type Settings, type SqliteInboxOptions } from './settings.ts'
import { layoutOf, migrateFile, type FileLayout } from './store/schema.ts'
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
  const driver = openFile(settings.path, (database, life) => migrateFile(database, life, layout))
  return engineInbox({
    settings,
    ahead: AHEAD,
    transactions: transactionsOfApp,
    store: (warn, back) =>
      patiently(driver.errors, () => createStore(driver, settings, layout, warn, back)),
  })
}
