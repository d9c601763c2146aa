import { toWebhookError, WebhookError } from '@postern/core'

const ERROR = 1
const BUSY = 5
const LOCKED = 6
const FULL = 13

// https://www.sqlite.org/rescode.html; the lower byte is the primary code.
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

/** True if another writer holds the lock, so that another try helps. */
export function isBusy(error: unknown): boolean {
  const code = primary(error)
  return code === BUSY || code === LOCKED
}

/** True if the file or its disk is at fault, so that the next statement fails as well. */
export function isStorageFault(error: unknown): boolean {
  const code = primary(error)
  return code !== undefined && code !== BUSY && code !== LOCKED && code !== ERROR && code in REASONS
}

// ERROR, TOOBIG, CONSTRAINT, MISMATCH, MISUSE, RANGE: of the statement and its values, not of the file.
const LASTING = [ERROR, 18, 19, 20, 21, 25]

/** True if a work failed for a reason of its own, so that another try fails as well. */
export function isLasting({ cause }: Error): boolean {
  const code = primary(cause)
  return code === undefined ? cause instanceof Error : LASTING.includes(code)
}

/** An error of SQLite as the refusal of a delivery. */
export function unavailable(error: unknown, path: string): WebhookError {
  const code = primary(error)
  if (code === undefined) return toWebhookError(error, 'inbox_unavailable')
  return new WebhookError(
    code === FULL ? 'inbox_full' : 'inbox_unavailable',
    explain(error, path),
    { cause: error },
  )
}

/** The cause and the remedy, in words. */
export function explain(error: unknown, path: string): string {
  const reason = REASONS[primary(error) ?? 0]
  const message = error instanceof Error ? error.message : String(error)
  return `sqliteInbox: ${path}: ${reason === undefined ? message : `${reason} (SQLite says: ${message})`}`
}

/** SQLite's primary result code, undefined if the error is not SQLite's. */
function primary(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}
