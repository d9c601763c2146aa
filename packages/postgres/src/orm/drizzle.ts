import { sql, type SQL } from 'drizzle-orm'
import type { RunSql } from '@postern/core/engine'

/**
 * Runs statements in a Drizzle transaction, for `inTransaction` and `task.commit({ in })`.
 *
 * @example
 * await db.transaction(async (tx) => {
 *   await tx.insert(payments).values({ id: event.id })
 *   await task.commit({ in: drizzleSql(tx) })
 * })
 */
export function drizzleSql(tx: { execute(query: SQL): PromiseLike<unknown> }): RunSql {
  return (text, values) => tx.execute(fragment(text, values))
}

/** Converts `$1`, `$2`, … to Drizzle's parameters, which Drizzle numbers itself. */
function fragment(text: string, values: unknown[]): SQL {
  const parts = text.split(/\$(\d+)/)
  return sql.join(
    parts.map((part, at) => (at % 2 === 0 ? sql.raw(part) : sql.param(values[Number(part) - 1]))),
  )
}
