import { WebhookError } from '@postern/core'

/** Something to write. All that waits in one turn of the event loop shares one transaction, and so one sync of the disk. */
export interface Work {
  /** Bytes it writes, roughly. */
  readonly bytes: number
  /** When waiting is over, on the clock of `performance.now()`; what may wait for ever has none. */
  readonly deadline?: number
  /** Writes. Called again, alone, where the transaction it shared was rolled back because of another. */
  run(): void
  /** It is stored. */
  done(): void
  /** What `run` wrote is undone: another try may follow. */
  undo?(): void
  /** It is not stored and will not be. */
  failed(error: WebhookError): void
}

/** What is kept in memory of what transactions write. */
export interface Kept {
  /** Writes what is still to be written, before the commit. */
  store(): void
  stored(): void
  /** It was rolled back. */
  forget(): void
}

/** Fails them all for the same reason. */
export function failAll(batch: readonly Work[], error: WebhookError): void {
  for (const work of batch) work.failed(error)
}

/** Bytes they write. */
export function bytesOf(batch: readonly Work[]): number {
  return batch.reduce((sum, work) => sum + work.bytes, 0)
}

/** Why nothing is written any more. */
export function closedError(): WebhookError {
  return new WebhookError('closed', 'sqliteInbox was closed')
}
