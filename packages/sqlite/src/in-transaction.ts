import { transactions, type Host, type Transactions } from '@postern/core/inbox'
import type { DatabaseSync } from 'node:sqlite'

/** Transactions of the application, on connections of its own. */
export const transactionsOfApp: Transactions<DatabaseSync> = transactions('sqliteInbox')

/**
 * A host whose delivery is stored in a transaction of the application, on its own connection to the file of the inbox:
 * with `receiver.receive(delivery, host)`, or `source.emit(message, host)` of @postern/forward, the event, its tasks and
 * what the application writes are committed together, or none of them. Refused if the connection is to another file
 * or has no transaction open. Begin with BEGIN IMMEDIATE, await nothing else before the COMMIT, since nobody else can
 * write meanwhile, and answer after it: only then is a 200 true. How safe it is against a loss of power is up to the
 * connection (`PRAGMA synchronous = FULL`, SQLite's default). On an error, roll back.
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
