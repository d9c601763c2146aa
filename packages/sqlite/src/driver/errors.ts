import { toWebhookError } from '@postern/core/internal'
import { WebhookError } from '@postern/core'
import { errorText } from '@postern/core/engine'

const ERROR = 1
const BUSY = 5
const LOCKED = 6
const FULL = 13

// Primary result codes: https://www.sqlite.org/rescode.html
const REASONS: Readonly<Record<number, string>> = {
  [BUSY]: 'another process holds its write lock',
  [LOCKED]: 'another connection of this process holds its write lock',
  8: 'it cannot be written: check the owner and the permissions of the file and of its folder',
  10: 'reading or writing it failed: check the disk',
  11: 'it is damaged: stop the processes that use it, keep a copy, and recover it with the sqlite3 shell (.recover) or start with a new file',
  [FULL]: 'its disk is full, or max_page_count is reached: make room',
  14: 'it cannot be opened: check that its folder exists and may be written',
  26: 'it is not an SQLite database: use another path',
}

const MISUSE = 21

// The message if somebody has changed the tables: SQLite has no result code for this.
const MISSING = /no such (?:table|column)|has no column/

export interface Errors {
  /** Returns true for an error of SQLite. */
  isOwn(error: unknown): boolean
  /** Returns true if another writer holds the lock. Another try may then succeed. */
  isBusy(error: unknown): boolean
  /**
   * Returns true if the file or its disk failed, or if a table or column is missing. The next statement will then fail
   * too.
   */
  isStorageFault(error: unknown): boolean
  /** Returns true if the statement itself is wrong, whatever its values. */
  isOfStatement(error: unknown): boolean
  /** Converts an error of SQLite to the error with which a delivery is rejected. */
  unavailable(error: unknown): WebhookError
  /** Returns a text with the cause of the error and what to do. */
  explain(error: unknown): string
}

/**
 * Creates {@link Errors}. `inbox` and `name` are the names of inbox and database in messages. `code` returns SQLite's
 * primary result code of an error, or undefined for other errors.
 */
export function createErrors(
  inbox: string,
  name: string,
  code: (error: unknown) => number | undefined,
): Errors {
  return {
    isOwn: (error) => code(error) !== undefined,
    isBusy,
    isStorageFault(error) {
      const found = code(error)
      if (found === ERROR) return MISSING.test(errorText(error))
      return found !== undefined && !isBusy(error) && found in REASONS
    },
    isOfStatement: (error) => code(error) === ERROR || code(error) === MISUSE,
    unavailable(error) {
      const found = code(error)
      if (found === undefined) return toWebhookError(error, 'inbox_unavailable')
      const kind = found === FULL ? 'inbox_full' : 'inbox_unavailable'
      return new WebhookError(kind, explain(error), { cause: error })
    },
    explain,
  }

  function isBusy(error: unknown): boolean {
    const found = code(error)
    return found === BUSY || found === LOCKED
  }

  function explain(error: unknown): string {
    const reason = REASONS[code(error) ?? 0]
    const message = errorText(error)
    return `${inbox}: ${name}: ${reason === undefined ? message : `${reason} (SQLite says: ${message})`}`
  }
}
