import { CompiledQuery } from 'kysely'
import type { RunSql } from '@postern/core/engine'

/**
 * Runs statements in a Kysely transaction, for `inTransaction` and `task.commit({ in })`.
 *
 * @example
 * await db.transaction().execute(async (trx) => {
 *   await trx.insertInto('payments').values({ id: event.id }).execute()
 *   await task.commit({ in: kyselySql(trx) })
 * })
 */
export function kyselySql(trx: {
  executeQuery(query: CompiledQuery): PromiseLike<{ readonly rows: unknown[] }>
}): RunSql {
  return (text, values) => trx.executeQuery(CompiledQuery.raw(text, values))
}
