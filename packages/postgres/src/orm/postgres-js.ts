import type { RunSql } from '@postern/core/engine'

/**
 * Runs statements in a postgres.js transaction, for `inTransaction` and `task.commit({ in })`.
 *
 * @example
 * await sql.begin(async (sql) => {
 *   await sql`INSERT INTO payments (id) VALUES (${event.id})`
 *   await task.commit({ in: postgresJsSql(sql) })
 * })
 */
export function postgresJsSql<Value>(sql: {
  unsafe(text: string, values: Value[]): PromiseLike<unknown>
}): RunSql {
  return (text, values) => sql.unsafe(text, values as Value[])
}
