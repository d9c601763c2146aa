import type { RunSql } from '@postern/core/engine'

/**
 * Runs statements in a transaction of TypeORM, for `inTransaction` and `task.commit({ in })`.
 *
 * @example
 * await dataSource.transaction(async (manager) => {
 *   await manager.insert(Payment, { id: event.id })
 *   await task.commit({ in: typeormSql(manager) })
 * })
 */
export function typeormSql(manager: {
  query(text: string, values: unknown[]): PromiseLike<unknown>
}): RunSql {
  return (text, values) => manager.query(text, values)
}
