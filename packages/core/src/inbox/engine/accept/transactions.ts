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

/** Starts the names of the symbols under which transactions of the app travel in a host. */
const TRANSACTION = 'postern.transaction.'

/** Throws if a host has a transaction of another inbox: it would be left unused, and the delivery stored outside of it. */
export function checkTransaction(host: Host, inbox: string): void {
  for (const { description } of Object.getOwnPropertySymbols(host)) {
    if (!description?.startsWith(TRANSACTION)) continue
    const other = description.slice(TRANSACTION.length)
    if (other !== inbox)
      throw new TypeError(
        `inTransaction: it belongs to ${other}, but this receiver has ${inbox}; use the inTransaction of that inbox's package, if it has one`,
      )
  }
}
