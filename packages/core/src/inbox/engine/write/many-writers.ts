import type { BatchWork } from './backlog.ts'
import { createBatch } from './batch.ts'
import { writeErrors, type BatchWriter, type WriteOptions } from './batch-writer.ts'
import { chain } from '../steps.ts'
import type { Store } from '../store.ts'
import { undone } from './undo.ts'

/** Makes the line of a store with many writers: each batch has a transaction of its own. */
export function createManyWriters(store: Store): BatchWriter {
  const errors = writeErrors(store)
  const all: { flushed(): Promise<void>; close(): void }[] = []
  return {
    batch<Work extends BatchWork>(options: WriteOptions<Work>) {
      const made = createBatch<Work>({
        ...options,
        inbox: store.name,
        ...errors,
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
