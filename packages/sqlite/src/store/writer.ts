import { WebhookError } from '@postern/core'
import type { Driver } from '../driver/driver.ts'

/** Transactions of the main connection. */
export interface Writer {
  /** True in a transaction. */
  readonly inside: boolean
  /** Runs writes in a new transaction, or in the open one. */
  write<T>(run: () => T): T
  /** As `write`, but does nothing if another process has locked the file. */
  attempt(run: () => void): void
}

/** Makes the writer of a database. `kept`: the caches of its rows. `failed`: called with the error of a rollback. */
export function createWriter(
  { main, guard, errors }: Driver,
  kept: readonly RowCache[],
  names: { forget(): void },
  failed: (error: unknown) => void,
): Writer {
  let inside = false

  return {
    get inside() {
      return inside
    },
    write,
    attempt(run) {
      try {
        write(run)
      } catch (error) {
        if (!errors.isBusy(error)) throw error
      }
    },
  }

  function write<T>(run: () => T): T {
    if (inside) return run()
    let result: T
    try {
      result = main.transaction(() => {
        inside = true
        const made = run()
        for (const each of kept) each.store()
        return made
      })
    } catch (error) {
      for (const each of kept) each.forget()
      names.forget()
      failed(error)
      throw error
    } finally {
      inside = false
    }
    for (const each of kept) each.stored()
    // After the commit: if the file was deleted or replaced, the delivery must not be acknowledged.
    check()
    return result
  }

  function check(): void {
    const lost = guard?.lost()
    if (lost !== undefined) throw new WebhookError('inbox_unavailable', lost)
  }
}

/** A cache of rows that are written at the end of a transaction. */
export interface RowCache {
  /** Called before the commit: writes the rows. */
  store(): void
  /** Called after the commit. */
  stored(): void
  /** Called after a rollback. */
  forget(): void
}
