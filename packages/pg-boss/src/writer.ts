import type { WebhookError } from '@postern/core'
import type { Taken } from '@postern/core/inbox'
import type { Database } from './connection.ts'
import { closedError, isDataFault, isTransient, lateError, unavailable } from './errors.ts'
import type { PreparedIntake } from './encode.ts'
import type { PgExecutor } from './pg.ts'

/** A delivery on its way into the database. */
export interface Work {
  readonly intake: PreparedIntake
  /** When waiting is over, on the clock of `performance.now()`. */
  readonly deadline: number
  done(taken: readonly Taken[]): void
  failed(error: WebhookError): void
}

/** Stores deliveries; those of one turn of the event loop, and those that come while others are stored, together. */
export interface Writer {
  add(work: Work): void
  /** Bytes that wait. */
  readonly waiting: number
  /** Resolves when nothing waits. */
  flushed(): Promise<void>
  /** Fails what waits. */
  close(): void
}

/** Stores a batch in the transaction of `client`. */
export type Store = (
  client: PgExecutor,
  batch: readonly PreparedIntake[],
) => Promise<readonly (readonly Taken[])[]>

// Bounds of one transaction.
const BATCH_ROWS = 128
const BATCH_BYTES = 8 * 1024 * 1024
// Transactions at once: while the server writes one, this process prepares the next. What waits is shared out among
// them, where each gets enough to be worth a transaction.
const AT_ONCE = 2
const SHARE = 24

/** Makes the writer. `last` is put before each COMMIT. */
export function createWriter(db: Database, store: Store, last: string): Writer {
  let queue: Work[] = []
  let waiting = 0
  let running = 0
  let scheduled = false
  let closed = false
  let idlers: (() => void)[] = []

  return {
    add(work) {
      if (closed) return work.failed(closedError())
      waiting += work.intake.bytes
      queue.push(work)
      schedule()
    },
    get waiting() {
      return waiting
    },
    flushed: () =>
      running + queue.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => idlers.push(resolve)),
    close() {
      closed = true
      for (const work of queue) work.failed(closedError())
      queue = []
      waiting = 0
    },
  }

  function schedule(): void {
    if (scheduled || running >= AT_ONCE) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      while (queue.length > 0 && running < AT_ONCE) {
        const share = Math.max(SHARE, Math.ceil(queue.length / (AT_ONCE - running)))
        running++
        void write(take(share)).then(next)
      }
    })
  }

  function next(): void {
    running--
    if (queue.length > 0) return schedule()
    if (running > 0) return
    for (const resolve of idlers) resolve()
    idlers = []
  }

  async function write(batch: readonly Work[]): Promise<void> {
    const left = batch[0]!.deadline - performance.now()
    if (left <= 0) return fail(batch, lateError('take it', 0))
    try {
      const taken = await db.transaction(
        left,
        (client) =>
          store(
            client,
            batch.map((work) => work.intake),
          ),
        last,
      )
      batch.forEach((work, at) => work.done(taken[at]!))
    } catch (error) {
      if (isTransient(error)) return write(batch)
      // One delivery the database does not take must not keep out those it came with.
      if (isDataFault(error) && batch.length > 1) for (const work of batch) await write([work])
      else fail(batch, error)
    }
  }

  function take(share: number): readonly Work[] {
    let rows = 0
    let bytes = 0
    let count = 0
    const most = Math.min(share, queue.length)
    while (count < most && (count === 0 || (rows < BATCH_ROWS && bytes < BATCH_BYTES))) {
      const { intake } = queue[count++]!
      rows += intake.items.length
      bytes += intake.bytes
    }
    const batch = queue.slice(0, count)
    queue = queue.slice(count)
    waiting -= bytes
    return batch
  }
}

function fail(batch: readonly Work[], error: unknown): void {
  for (const work of batch) work.failed(unavailable(error))
}
