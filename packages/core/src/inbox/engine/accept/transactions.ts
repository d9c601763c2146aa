import type { Host } from '../../inbox.ts'

/** Puts a transaction of the app into a {@link Host}. `accept` then stores the delivery in that transaction. */
export interface Transactions<Transaction> {
  host(transaction: Transaction, host?: Host): Host
  /** Returns the transaction for this inbox in `host`; undefined if there is none. */
  of(host: Host): Transaction | undefined
}

/** Makes a {@link Transactions}. The inbox's name is part of the key, so other inboxes ignore the transaction. */
export function transactions<Transaction>(inbox: string): Transactions<Transaction> {
  const key = Symbol.for(TRANSACTION + inbox)
  return {
    host: (transaction, host = {}) => ({ ...host, [key]: transaction }) as Host,
    of: (host) => (host as { [key]?: Transaction })[key],
  }
}

const TRANSACTION = 'postern.transaction.'

/**
 * Throws if `host` has a transaction for another inbox, since the delivery would be stored outside of that transaction.
 */
export function checkTransaction(host: Host, inbox: string): void {
  for (const { description } of Object.getOwnPropertySymbols(host)) {
    if (!description?.startsWith(TRANSACTION)) continue
    const other = description.slice(TRANSACTION.length)
    if (other !== inbox)
      throw new TypeError(
        `inTransaction belongs to ${other}, but this receiver uses ${inbox}; import inTransaction from the package of ${inbox}, if that package has it`,
      )
  }
}
