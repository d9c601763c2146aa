import type { Host } from '../../inbox.ts'

/** Carries a transaction of the app in the host of a delivery, so that `accept` stores the delivery in it. */
export interface Transactions<Transaction> {
  host(transaction: Transaction, host?: Host): Host
  /** Returns the transaction of a host, if it is one for this inbox. */
  of(host: Host): Transaction | undefined
}

/** Makes a {@link Transactions}. The name of the inbox is part of the key: other inboxes ignore it. */
export function transactions<Transaction>(inbox: string): Transactions<Transaction> {
  const key = Symbol.for(TRANSACTION + inbox)
  return {
    host: (transaction, host = {}) => ({ ...host, [key]: transaction }) as Host,
    of: (host) => (host as { [key]?: Transaction })[key],
  }
}

const TRANSACTION = 'postern.transaction.'

/** Throws a `TypeError` if a host has a transaction for another inbox: the delivery would be stored outside it. */
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
