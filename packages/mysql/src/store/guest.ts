import { guestOf, guestRows } from '@postern/core/engine'
import { readRows } from '../sql/lines.ts'
import { asBytes, type Database, type Sql, type Value } from './connection.ts'

/** Statements in a transaction of the application: never prepared by this package, and what they changed is not known. */
export function guestSql(db: Database, transaction: unknown): Sql {
  const run = guestOf(transaction, 'a connection of mysql2/promise')
  const send = (text: string, values: readonly Value[] = []): PromiseLike<unknown> =>
    run(db.text(text), values.map(asBytes))
  return {
    rows: async (text, values) => readRows(guestRows<object>(await send(text, values))),
    async run(text, values) {
      await send(text, values)
      return undefined
    },
  }
}
