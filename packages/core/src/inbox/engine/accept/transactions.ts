import { TRANSACTION } from '../../../receive/foreign-transaction.ts'
import type { Host } from '../../inbox.ts'

/** Carries a transaction of the application in the host of a delivery, for `accept` to store it in. */
export interface Transactions<Transaction> {
  /** A host with the transaction. */
  host(transaction: Transaction, host?: Host): Host
  /** The transaction of a host, if it has one of this inbox. */
  of(host: Host): Transaction | undefined
}

/** Makes a {@link Transactions}. The name of the inbox is part of the key: a transaction of another inbox is never taken for its own. */
export function transactions<Transaction>(inbox: string): Transactions<Transaction> {
  const key = Symbol.for(TRANSACTION + inbox)
  return {
    host: (transaction, host = {}) => ({ ...host, [key]: transaction }) as Host,
    of: (host) => (host as { [key]?: Transaction })[key],
  }
}
