import { WebhookError } from '@postern/core'
import { createBatch, type Batch, type Fault } from '@postern/core/inbox'
import type { Driver } from './driver/driver.ts'
import type { Kept, Work } from './work.ts'

/** The one place that makes transactions on the main connection. */
export interface Writer extends Batch<Work> {
  /** Writes behind everything else of its transaction. */
  addLast(work: Work): void
}

// Bounds of one transaction: they limit how long it blocks the event loop and the file.
const ROWS = 512
const BYTES = 8 * 1024 * 1024

/** Makes the writer of a file. A locked file is tried again later: waiting inside SQLite would block the event loop. */
export function createWriter(
  { main, guard, errors, name }: Pick<Driver, 'main' | 'guard' | 'errors' | 'name'>,
  kept: readonly Kept[],
): Writer {
  let last: Work[] = []
  const batch = createBatch<Work>({
    inbox: 'sqliteInbox',
    rows: ROWS,
    bytes: BYTES,
    store(works) {
      store(works, true)
    },
    fault,
    refusal: (error) => errors.unavailable(error),
    late: () =>
      new WebhookError(
        'inbox_unavailable',
        `sqliteInbox: ${name}: another process held its write lock until the deadline`,
      ),
  })
  // Begins a transaction in which there may be nothing but last works.
  const nothing: Work = { bytes: 0, run: () => {}, done: () => {}, failed: failLast }

  return {
    add: (work) => batch.add(work),
    addLast(work) {
      last.push(work)
      if (last.length === 1) batch.add(nothing)
    },
    get waiting() {
      return batch.waiting
    },
    now: () => batch.now(),
    flushed: () => batch.flushed(),
    close: () => batch.close(),
  }

  /** One transaction; with the last works, if they are to be in it. */
  function store(works: readonly Work[], withLast: boolean): void {
    const lost = guard?.lost()
    if (lost !== undefined) throw new WebhookError('inbox_unavailable', lost)
    const tried: Work[] = []
    const behind: Work[] = []
    try {
      main.transaction(() => {
        for (const work of works) run(work)
        // Taken now and not before: what ran may have asked for it.
        while (withLast && last.length > 0)
          for (const work of last.splice(0)) {
            behind.push(work)
            run(work)
          }
        for (const each of kept) each.store()
      })
    } catch (error) {
      for (const each of kept) each.forget()
      for (const work of tried) work.undo?.()
      if (behind.length === 0) throw error
      if (fault(error) !== 'one') {
        last.unshift(...behind)
        throw error
      }
      // One last work failed: each of them is tried alone, and the other works without them.
      for (const work of behind) batch.add(work)
      return store(works, false)
    }
    for (const each of kept) each.stored()
    for (const work of tried) work.done()

    function run(work: Work): void {
      tried.push(work)
      work.run()
    }
  }

  function fault(error: unknown): Fault {
    if (errors.isBusy(error)) return 'again'
    return errors.isStorageFault(error) || error instanceof WebhookError ? 'all' : 'one'
  }

  function failLast(error: Error): void {
    for (const work of last.splice(0)) work.failed(error as WebhookError)
  }
}
