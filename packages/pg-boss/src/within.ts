import { transactions, type Host } from '@postern/core/inbox'
import type { PgExecutor } from './pg.ts'

const carried = transactions<PgExecutor>('pgBossInbox')

/**
 * A host that stores its delivery in a transaction of the application. With `receiver.receive(delivery, host)` the event,
 * its tasks and the application's writes are committed together or not at all. Send the reply after the COMMIT: its 200
 * means "stored". Timeouts are those of the application's transaction.
 *
 * @example
 * await client.query('BEGIN')
 * const reply = await receiver.receive(delivery, inTransaction(client))
 * await client.query('INSERT INTO audit …')
 * await client.query('COMMIT')
 */
export function inTransaction(
  transaction:
    | PgExecutor
    | {
        query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
      },
  host: Host = {},
): Host {
  const db: PgExecutor =
    'executeSql' in transaction
      ? transaction
      : { executeSql: (text, values) => transaction.query(text, values) }
  return carried.host(db, host)
}

/** The transaction of a host, if it has one. */
export function transactionOf(host: Host): PgExecutor | undefined {
  return carried.of(host)
}
