import type { Host } from '../inbox/inbox.ts'

/** Begins the names of the symbols under which transactions of the app travel in a host. */
export const TRANSACTION = 'postern.transaction.'

/** Throws if a host has a transaction of another inbox: it would be left unused, and the delivery stored outside of it. */
export function checkTransaction(host: Host, inbox: string): void {
  for (const { description } of Object.getOwnPropertySymbols(host)) {
    if (!description?.startsWith(TRANSACTION)) continue
    const other = description.slice(TRANSACTION.length)
    if (other !== inbox)
      throw new TypeError(
        `inTransaction: it is that of ${other}, and this receiver has ${inbox}: use the inTransaction of its own package, if it has one`,
      )
  }
}
