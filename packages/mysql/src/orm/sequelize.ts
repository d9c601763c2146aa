import type { RunSql } from '@postern/core/engine'

/**
 * Runs statements in a managed Sequelize transaction, for `inTransaction` and `task.commit({ in })`.
 *
 * @example
 * await sequelize.transaction(async (transaction) => {
 *   await Payment.create({ id: event.id }, { transaction })
 *   await task.commit({ in: sequelizeSql(sequelize, transaction) })
 * })
 */
export function sequelizeSql<Transaction>(
  sequelize: {
    query(
      text: string,
      options: { replacements: unknown[]; transaction: Transaction; raw: true },
    ): PromiseLike<unknown>
  },
  transaction: Transaction,
): RunSql {
  return (text, values) => sequelize.query(text, { replacements: values, transaction, raw: true })
}
