import { WebhookError } from '@postern/core'
import type { Driver } from '../driver/driver.ts'

/** Runs the transactions of the main connection. */
export interface Writer {
  /** True while a transaction is open. */
  readonly inside: boolean
  /** Runs writes in the open transaction, or in a new one if none is open. */
  write<T>(run: () => T): T
  /** Runs writes as `write` does, but does nothing if another process has locked the file. */
  attempt(run: () => void): void
}

/** `kept` are the caches of rows. `failed` is called with the error of each transaction that was rolled back. */
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
    // This check comes after the commit: if the file was deleted or replaced, the delivery must not be acknowledged.
    check()
    return result
  }

  function check(): void {
    const lost = guard?.lost()
    if (lost !== undefined) throw new WebhookError('inbox_unavailable', lost)
  }
}

/** A cache of rows, which are written at the end of a transaction. */
export interface RowCache {
  /** Writes the cached rows. Called before the commit. */
  store(): void
  /** Keeps what was written. Called after the commit. */
  stored(): void
  /** Drops what was not committed. Called after a rollback. */
  forget(): void
}
