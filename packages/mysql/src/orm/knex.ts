import type { RunSql } from '@postern/core/engine'

/**
 * Runs statements in a Knex transaction, for `inTransaction` and `task.commit({ in })`.
 *
 * @example
 * await knex.transaction(async (trx) => {
 *   await trx('payments').insert({ id: event.id })
 *   await task.commit({ in: knexSql(trx) })
 * })
 */
export function knexSql<Value>(trx: {
  raw(text: string, values: Value[]): PromiseLike<unknown>
}): RunSql {
  return (text, values) => trx.raw(text, values as Value[])
}
