import { errorText, WebhookError } from '../../../errors.ts'
import type { MaybePromise } from '../../../basics/maybe.ts'
import type { BatchWork } from './backlog.ts'
import type { BatchOptions, Fault } from './batch.ts'
import type { Store } from '../store.ts'
import type { Undo } from './undo.ts'

/** How writes of one kind are stored together. */
export interface WriteOptions<Work extends BatchWork> {
  readonly rows: number
  readonly bytes: number
  readonly atOnce?: number
  readonly share?: number
  readonly waits?: readonly [first: number, longest: number]
  /** Writes a batch, all or nothing; what it returns is called once that is committed. */
  readonly put: (
    works: readonly Work[],
    until: number,
    undo: Undo,
  ) => MaybePromise<() => MaybePromise<void>>
  readonly fault: (error: unknown, work: Work) => Fault
}

/** What waits to be stored. */
interface WriteBatch<Work> {
  add(work: Work): void
  /** Bytes that wait, of a store with one writer those of all kinds. */
  waiting(): number
  flushed(): Promise<void>
}

/** The batches of one store. Of a store with one writer, all that waits in a turn of the event loop shares a transaction. */
export interface BatchWriter {
  batch<Work extends BatchWork>(options: WriteOptions<Work>): WriteBatch<Work>
  /** Runs in a transaction at its end, behind what others made ready in it; at once if each batch has its own. */
  last(run: (undo: Undo) => MaybePromise<() => void>, failed: (error: unknown) => void): void
  flushed(): Promise<void>
  close(): void
}

/** What writes hear that a store did not take. */
export function writeErrors(store: Store): Pick<BatchOptions<BatchWork>, 'refusal' | 'late'> {
  return {
    refusal: (error) => store.refusal(error),
    late(reason?: unknown) {
      const why = reason === undefined ? '' : `: ${errorText(reason)}`
      const message = `${store.name}: no commit within the deadline${why}`
      return new WebhookError('inbox_unavailable', message, { cause: reason })
    },
  }
}
