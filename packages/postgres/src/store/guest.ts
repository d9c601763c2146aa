import { plainValue } from './pack.ts'
import type { Database } from './connection.ts'
import type { Sql } from './pg.ts'

/** Runs a statement in an open transaction of the application, and returns its rows. */
export type RunSql = (text: string, values: unknown[]) => PromiseLike<unknown>

/** An open transaction: a function that runs a statement in it, or a client of `pg`. */
export type AppTransaction =
  | RunSql
  | { query(text: string, values: unknown[]): PromiseLike<unknown> }

/** Statements in a transaction of the application: never prepared, since its connection is not ours. */
export function guestSql(db: Database, transaction: unknown): Sql {
  const run = runOf(transaction)
  return async <T>(statement: string, values: unknown[] = []) =>
    rowsOf<T>(await run(db.text(statement), values.map(plainValue)))
}

function runOf(transaction: unknown): RunSql {
  if (typeof transaction === 'function') return transaction as RunSql
  const client = transaction as { query?: RunSql } | undefined
  if (typeof client?.query === 'function') return (text, values) => client.query!(text, values)
  throw new TypeError(
    'inTransaction: must be a function (text, values) => rows, or a client of pg with an open transaction; see "Your ORM"',
  )
}

function rowsOf<T>(result: unknown): readonly T[] {
  const rows = Array.isArray(result) ? result : (result as { rows?: unknown } | undefined)?.rows
  if (!Array.isArray(rows))
    throw new TypeError(
      'inTransaction: the function must return the rows of the statement, as an array or as { rows }',
    )
  return rows as T[]
}
