import { WebhookError } from '@postern/core'
import type { Driver } from '../driver/driver.ts'

/** The one place that makes transactions. */
export interface Writer {
  /** True inside a transaction of the main connection. */
  readonly inside: boolean
  /** Runs writes in one transaction of the main connection, or as a part of the open one. */
  write<T>(run: () => T): T
  /** The same, unless the file is locked. */
  attempt(run: () => void): void
}

/** Makes the writer of a database. `kept` are the caches of the main connection; `failed` is called with what was rolled back. */
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
    // Looked at behind the commit: nothing is acknowledged that went into a file which nobody can open again.
    check()
    return result
  }

  function check(): void {
    const lost = guard?.lost()
    if (lost !== undefined) throw new WebhookError('inbox_unavailable', lost)
  }
}

/** A cache of rows that are written together, at the end of a transaction. */
export interface RowCache {
  /** Makes the remaining writes, before the commit. */
  store(): void
  stored(): void
  /** It was rolled back. */
  forget(): void
}
