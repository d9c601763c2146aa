import type { CommitIn, CommitWrite } from '@postern/core/internal'
import { engineInbox, transactions, type AppTransaction } from '@postern/core/engine'
import type { Host, Inbox } from '@postern/core/inbox'
import { checkSettings, type PostgresInboxOptions, type Settings } from './settings.ts'
import type { PgTransaction } from './store/pg.ts'
import type { TablesLayout } from './store/migrate.ts'
import { createStore } from './store/store.ts'

const carried = transactions<unknown>('postgresInbox')

/**
 * Creates a durable inbox in PostgreSQL 13 or newer. Events and tasks are in tables `postern_*`, in a schema of your
 * choice. Several processes may share the tables. The inbox connects with the first delivery.
 *
 * @throws {TypeError} If an option is wrong; the message names the option.
 *
 * @example
 * const receiver = createReceiver({
 *   provider: github({ secret }),
 *   inbox: postgresInbox({ connectionString: process.env.DATABASE_URL }),
 * })
 */
export function postgresInbox(
  options: PostgresInboxOptions,
): Inbox<CommitWrite<PgTransaction> & CommitIn> {
  return openInbox(checkSettings(options))
}

/** Creates the inbox from checked settings, as `postgresInbox` does. @internal */
export function openInbox(
  settings: Settings,
  layout?: TablesLayout,
): Inbox<CommitWrite<PgTransaction> & CommitIn> {
  return engineInbox({
    store: (warn, back) => createStore(settings, warn, back, layout),
    settings,
    transactions: carried,
  })
}

/**
 * Returns the second argument for `receiver.receive`. `receive` then stores the delivery in an open transaction of your
 * app, and the delivery is accepted if that transaction commits. `transaction` is either a function that runs a
 * statement and returns its rows, or a client of `pg`.
 *
 * @example
 * await db.transaction((tx) => receiver.receive(delivery, inTransaction((text, values) => run(tx,
 * text, values))))
 */
export function inTransaction(transaction: AppTransaction, host: Host = {}): Host {
  return carried.host(transaction, host)
}
