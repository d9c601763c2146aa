import type { RunSql } from '@postern/core/engine'

/**
 * Runs statements in the open transaction of a `pg` client, for `inTransaction` and `task.commit({ in })`.
 *
 * @example
 * await client.query('BEGIN')
 * await receiver.receive(delivery, inTransaction(pgSql(client)))
 * await client.query('COMMIT')
 */
export function pgSql(client: {
  query(text: string, values: unknown[]): PromiseLike<unknown>
}): RunSql {
  return (text, values) => client.query(text, values)
}
