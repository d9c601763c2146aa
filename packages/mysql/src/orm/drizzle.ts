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
  return (text, values) =>
    tx.execute(
      sql.join(
        text
          .split('?')
          .flatMap((part, at) =>
            at === 0 ? sql.raw(part) : [sql.param(values[at - 1]), sql.raw(part)],
          ),
      ),
    )
}
