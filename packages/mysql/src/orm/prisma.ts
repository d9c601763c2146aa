import type { RunSql } from '@postern/core/engine'

/**
 * Runs statements in an interactive transaction of Prisma, for `inTransaction` and `task.commit({ in })`.
 *
 * @example
 * await prisma.$transaction(async (tx) => {
 *   await tx.payment.create({ data: { id: event.id } })
 *   await task.commit({ in: prismaSql(tx) })
 * })
 */
export function prismaSql(tx: {
  $queryRawUnsafe(text: string, ...values: unknown[]): PromiseLike<unknown>
}): RunSql {
  return (text, values) => tx.$queryRawUnsafe(text, ...values)
}
