import { transactions, type Host } from '@postern/core/inbox'
import type { PgExecutor } from './pg.ts'

const carried = transactions<PgExecutor>('pgBossInbox')

/**
 * A host whose delivery is stored in a transaction of the application: with `receiver.receive(delivery, host)` the
 * event, its tasks and what the application writes are committed together, or none of them. Send the reply after the
 * COMMIT: its 200 says "stored" and is true only then. The deadline and the ends of waits are the transaction's own.
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
