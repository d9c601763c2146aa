import { transactions, type Host, type Transactions } from '@postern/core/inbox'
import type { DatabaseSync } from 'node:sqlite'

/** Transactions of the application, on connections of its own. */
export const transactionsOfApp: Transactions<DatabaseSync> = transactions('sqliteInbox')

/**
 * A host that stores its delivery in a transaction of the application, on the application's connection to the file of
 * the inbox. Pass it to `receiver.receive(delivery, host)`, or `source.emit(message, host)` of @postern/forward: event,
 * tasks and the application's writes are committed together or not at all. It is refused if the connection is to another
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
