import type { CommitIn, CommitWrite } from '@postern/core/internal'
import { engineInbox, transactions, type AppTransaction } from '@postern/core/engine'
import type { Host, Inbox } from '@postern/core/inbox'
import { checkSettings, type MysqlInboxOptions, type Settings } from './settings.ts'
import type { MysqlTransaction } from './store/connection.ts'
import type { TablesLayout } from './store/migrate.ts'
import { createStore } from './store/store.ts'

const carried = transactions<unknown>('mysqlInbox')

/**
 * Creates a durable inbox in MariaDB 10.6, MySQL 8.0 or newer. Events and tasks are in tables `postern_*` of your
 * database. Several processes may share the tables. The inbox connects with the first delivery.
 *
 * @throws {TypeError} If an option is wrong; the message names the option.
 *
 * @example
 * const receiver = createReceiver({
 *   provider: github({ secret }),
 *   inbox: mysqlInbox({ connectionString: process.env.DATABASE_URL }),
 * })
 */
export function mysqlInbox(
  options: MysqlInboxOptions,
): Inbox<CommitWrite<MysqlTransaction> & CommitIn> {
  return openInbox(checkSettings(options))
}

/** Creates the inbox from checked settings, as `mysqlInbox` does. @internal */
export function openInbox(
  settings: Settings,
  layout?: TablesLayout,
): Inbox<CommitWrite<MysqlTransaction> & CommitIn> {
  return engineInbox({
    store: (_, back) => createStore(settings, back, layout),
    settings,
    transactions: carried,
  })
}

/**
 * Returns the second argument for `receiver.receive`. `receive` then stores the delivery in an open transaction of your
 * app, and the delivery is accepted if that transaction commits. `transaction` is either a function that runs a
 * statement and returns its rows, or a connection of `mysql2/promise`.
 *
 * @example
 * await db.transaction((tx) => receiver.receive(delivery, inTransaction((text, values) => run(tx,
 * text, values))))
 */
export function inTransaction(transaction: AppTransaction, host: Host = {}): Host {
  return carried.host(transaction, host)
}
