import { guestOf, guestRows } from '@postern/core/engine'
import { plainValue } from './pack.ts'
import type { Database } from './connection.ts'
import type { Sql } from './pg.ts'

/** Statements in a transaction of the application: never prepared, since its connection is not ours. */
export function guestSql(db: Database, transaction: unknown): Sql {
  const run = guestOf(transaction, 'a client of pg')
  return async <T>(statement: string, values: unknown[] = []) =>
    guestRows<T>(await run(db.text(statement), values.map(plainValue)))
}
