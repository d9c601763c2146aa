import { WebhookError } from '@postern/core'
import { isA, type Rows } from '@postern/core/inbox'
import type { Driver } from '../driver/driver.ts'
import type { InsertParts } from './insert.ts'
import { createConnection, type Connection, type RowsHost } from './rows.ts'

/**
 * Makes the transactions of `task.commit`, on a connection of its own. It is synchronous: no handler can keep its
 * transaction open while deliveries arrive. A handler that writes asynchronously writes nothing, now or later.
 */
export function createCommits(
  driver: Driver,
  keys: InsertParts['keys'],
  host: RowsHost,
): <T>(run: (rows: Rows, transaction: unknown) => T) => T {
  const { errors, guard } = driver
  // Made with the first commit: most receivers have none, and statements cost a millisecond.
  let made: (Connection & { readonly database: ReturnType<Driver['commits']> }) | undefined

  return (run) => {
    const lost = guard?.lost()
    if (lost !== undefined) throw new WebhookError('inbox_unavailable', lost)
    let began = false
    try {
      if (!made) {
        const database = driver.commits()
        made = { database, ...createConnection(database, keys, host) }
      }
      const { database, rows, kept } = made
      const result = database.transaction(() => {
        began = true
        const written = run(rows, database.raw)
        if (written instanceof Promise) {
          written.catch(() => {})
          throw new TypeError(
            'task.commit: write must be synchronous, since no transaction may stay open: await first, then commit',
          )
        }
        for (const each of kept) each.store()
        return written
      })
      for (const each of kept) each.stored()
      host.wrote()
      return result
    } catch (error) {
      for (const each of made?.kept ?? []) each.forget()
      made?.names.forget()
      if (!began) throw new Error(`task.commit: ${errors.explain(error)}`, { cause: error })
      if (isA(error, TypeError)) {
        // The handler may still be at work, and would write outside of any transaction.
        driver.dropCommits()
        made = undefined
      }
      throw error
    }
  }
}
