import { grouped } from '../../../basics/grouped.ts'
import { isPromise, type MaybePromise } from '../../../basics/maybe.ts'
import type { BatchWork } from './backlog.ts'
import { createBatch } from './batch.ts'
import { writeErrors, type BatchWriter, type WriteOptions } from './batch-writer.ts'
import type { Store } from '../store.ts'
import type { Undo } from './undo.ts'

/** A work with its kind, which is noted on the work itself: an object around each costs as much as making the work. */
interface Mixed extends BatchWork {
  of?: WriteOptions<BatchWork>
}

interface Last {
  readonly run: (undo: Undo) => MaybePromise<() => void>
  readonly failed: (error: unknown) => void
}

/** Makes the line of a store with one writer: writes of all kinds share a transaction. */
export function createOneWriter(store: Store, together: (works: () => void) => void): BatchWriter {
  const { name } = store
  let lasts: Last[] = []
  let inside = false
  // It begins a transaction in which there may be nothing but last writes.
  const nothing: WriteOptions<BatchWork> = {
    rows: 1,
    bytes: 1,
    put: () => () => {},
    fault: (error) => (store.fault(error) === 'again' ? 'again' : 'all'),
  }
  const batch = createBatch<Mixed>({
    inbox: name,
    rows: 512,
    bytes: 8 * 1024 * 1024,
    ...(store.alone ? { soon: queueMicrotask } : { wide: true }),
    ...writeErrors(store),
    fault: (error, work) => work.of!.fault(error, work),
    store(works, until) {
      const overs: (() => MaybePromise<void>)[] = []
      const taken: Last[] = []
      const undos: (() => void)[] = []
      const undo: Undo = (one) => void undos.push(one)
      inside = true
      try {
        together(() => {
          for (const [of, group] of grouped(works, (one) => one.of!)) {
            overs.push(now(of.put(group, until, undo)))
          }
          // Taken now: what was put may have asked for it.
          while (lasts.length > 0)
            for (const one of lasts.splice(0)) {
              taken.push(one)
              overs.push(now(one.run(undo)))
            }
        })
      } catch (error) {
        inside = false
        for (const one of undos) one()
        if (store.fault(error) === 'again') lasts.unshift(...taken)
        else {
          for (const one of taken) one.failed(error)
          if (lasts.length > 0) begin()
        }
        throw error
      }
      inside = false
      for (const over of overs) void over()
    },
  })
  return {
    batch: (options) => ({
      add(work: Mixed) {
        work.of = options as unknown as WriteOptions<BatchWork>
        batch.add(work)
      },
      waiting: () => batch.waiting(),
      flushed: () => batch.flushed(),
    }),
    last(run, failed) {
      lasts.push({ run, failed })
      if (lasts.length === 1 && !inside) begin()
    },
    flushed: () => batch.flushed(),
    close() {
      batch.close()
      failLasts(store.refusal(new Error(`${name}: closed`)))
    },
  }

  /** Begins a transaction for them, if no other work does. */
  function begin(): void {
    batch.add({ of: nothing, bytes: 0, failed: failLasts })
  }

  function failLasts(error: Error): void {
    for (const one of lasts.splice(0)) one.failed(error)
  }
}

/** A store with one writer answers at once. */
function now<T>(value: MaybePromise<T>): T {
  if (isPromise(value))
    throw new TypeError('together: the store must answer at once inside its shared transaction')
  return value
}
