import { WebhookError } from '../../errors.ts'
import type { MaybePromise } from '../../basics/maybe.ts'
import type { BatchWork } from '../batch/backlog.ts'
import { createBatch, type Fault } from '../batch/batch.ts'
import { createOneWriterLine } from './one-writer.ts'
import { chain } from './steps.ts'
import type { Store } from './store.ts'
import { undone, type Undo } from './undo.ts'

/** How works of one kind are stored together. */
export interface LineOptions<Work extends BatchWork> {
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
  readonly fault: (error: unknown) => Fault
}

/** What waits to be stored. */
export interface LineBatch<Work> {
  add(work: Work): void
  /** Bytes that wait, of a store with one writer those of all kinds. */
  readonly waiting: number
  flushed(): Promise<void>
}

/** The batches of one store. Of a store with one writer, all that waits in a turn of the event loop shares a transaction. */
export interface Line {
  batch<Work extends BatchWork>(options: LineOptions<Work>): LineBatch<Work>
  /** Runs in a transaction at its end, behind what others made ready in it; at once if each batch has its own. */
  last(run: (undo: Undo) => MaybePromise<() => void>, failed: (error: unknown) => void): void
  flushed(): Promise<void>
  close(): void
}

/** Makes a {@link Line}. */
export function createLine(store: Store): Line {
  const refusal = (error: unknown): Error => store.refusal(error)
  const late = (): Error =>
    new WebhookError('inbox_unavailable', `${store.name}: no commit within the deadline`)
  if (store.together) return createOneWriterLine(store, store.together, { refusal, late })
  const all: { flushed(): Promise<void>; close(): void }[] = []
  return {
    batch<Work extends BatchWork>(options: LineOptions<Work>) {
      const made = createBatch<Work>({
        ...options,
        inbox: store.name,
        refusal,
        late,
        store: (works: readonly Work[], until) =>
          chain(
            undone((undo) => options.put(works, until, undo)),
            (over) => over(),
          ),
      })
      all.push(made)
      return made
    },
    last(run, failed) {
      void (async () => undone(run))().then((over) => over(), failed)
    },
    flushed: async () => void (await Promise.all(all.map((one) => one.flushed()))),
    close() {
      for (const one of all) one.close()
    },
  }
}
