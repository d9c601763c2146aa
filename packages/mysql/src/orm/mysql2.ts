import type { RunSql } from '@postern/core/engine'

/**
 * Runs statements in the open transaction of a `mysql2/promise` connection, for `inTransaction` and `task.commit({ in
 * })`.
 *
 * @example
 * await connection.beginTransaction()
 * await receiver.receive(delivery, inTransaction(mysql2Sql(connection)))
 * await connection.commit()
 */
export function mysql2Sql(connection: {
  query(text: string, values: unknown[]): PromiseLike<unknown>
}): RunSql {
  return (text, values) => connection.query(text, values)
}
