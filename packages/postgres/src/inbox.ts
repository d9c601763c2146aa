import type { CommitIn, CommitWrite } from '@postern/core/internal'
import { engineInbox, transactions, type AppTransaction } from '@postern/core/engine'
import type { Host, Inbox } from '@postern/core/inbox'
import { checkSettings, type PostgresInboxOptions, type Settings } from './settings.ts'
import type { PgTransaction } from './store/pg.ts'
import type { TablesLayout } from './store/migrate.ts'
import { createStore } from './store/store.ts'

const carried = transactions<unknown>('postgresInbox')

// How far ahead quick handlers get tasks: a claim must be worth its round trip.
const AHEAD = { time: 100, most: 400, half: true, share: true }

/**
 * A durable inbox in PostgreSQL 13 or newer: events and tasks are in tables `postern_*` of a schema of your choice. Several
 * processes may share it. A `TypeError` names a wrong option.
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

/** Opens it, with another layout if one is given. */
export function openInbox(
  settings: Settings,
  layout?: TablesLayout,
): Inbox<CommitWrite<PgTransaction> & CommitIn> {
  return engineInbox({
    store: (warn, back) => createStore(settings, warn, back, layout),
    settings,
    transactions: carried,
    ahead: AHEAD,
  })
}

/**
 * A host that lets `receive` store the delivery in an open transaction of your own database: it is accepted if that
 * commits. `transaction` runs a statement in it and returns its rows, or is a client of `pg`.
 *
 * @example
 * await db.transaction((tx) => receiver.receive(delivery, inTransaction((text, values) => run(tx, text, values))))
 */
export function inTransaction(transaction: AppTransaction, host: Host = {}): Host {
  return carried.host(transaction, host)
}
