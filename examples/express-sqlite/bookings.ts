import { DatabaseSync } from 'node:sqlite'

/** The app's own table, in the same file as the inbox. */
export interface Bookings {
  /** Inserts through `database`, the connection whose transaction also completes the task. */
  add(database: DatabaseSync, invoice: { readonly id: string; readonly amount_paid: number }): void
  total(): { readonly invoices: number; readonly amount: number }
}

export function openBookings(path: string): Bookings {
  const own = new DatabaseSync(path)
  own.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL')
  own.exec(
    'CREATE TABLE IF NOT EXISTS booking (invoice TEXT NOT NULL, amount INTEGER NOT NULL) STRICT',
  )
  const sum = own.prepare(
    'SELECT count(*) AS invoices, coalesce(sum(amount), 0) AS amount FROM booking',
  )
  return {
    add(database, invoice) {
      database
        .prepare('INSERT INTO booking (invoice, amount) VALUES (?, ?)')
        .run(invoice.id, invoice.amount_paid)
    },
    total: () => ({ ...(sum.get() as { invoices: number; amount: number }) }),
  }
}
