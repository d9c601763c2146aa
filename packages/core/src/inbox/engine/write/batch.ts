import { WebhookError } from '../../../errors.ts'
import { type MaybePromise, grouped, isPromise } from '../../../basics/maybe.ts'
import { soon as nextRound } from '../../../basics/deadline.ts'

/**
 * What happens to a write after its batch failed. `again`: the write is retried soon. `keep`: the write is retried
 * every 250 ms until the store recovers. `one`: the write is stored alone, since one write of the batch caused the
 * failure. `all`: the write has failed.
 */
type Fault = 'again' | 'keep' | 'one' | 'all'

export interface BatchOptions<Write extends BatchWrite> {
  readonly inbox: string
  /** Maximum number of rows of a batch. A single write may have more rows. */
  readonly rows: number
  /** Maximum size of a batch, in bytes. A single write may be larger. */
  readonly bytes: number
  /** Maximum number of batches that are stored at once. @default 1 */
  readonly atOnce?: number
  /**
   * Minimum number of waiting writes that start a batch while another batch is being stored. If several batches may
   * start, the waiting writes are divided among them.
   * @default 1, and each batch gets all waiting writes
   */
  readonly share?: number
  /** First and longest wait before writes with the fault `again` are retried, in milliseconds. @default [1, 8] */
  readonly waits?: readonly [first: number, longest: number]
  /** True if a batch waits while requests are still being read: for stores that block the event loop. @default false */
  readonly wide?: boolean
  /** Calls `begin` later, to start the next batch. @default in the next turn of the event loop */
  readonly soon?: (begin: () => void) => void
  /**
   * Stores all writes or none. `until` is the earliest deadline of the writes: a time of `performance.now()`, or
   * Infinity.
   */
  readonly store: (batch: readonly Write[], until: number) => MaybePromise<void>
  readonly fault: (error: unknown, write: Write) => Fault
  readonly rejection: (error: unknown) => Error
  /** Returns the error for a write that waited too long. `reason` is the error of the last failed batch. */
  readonly late: (reason?: unknown) => Error
}

// Maximum time that fewer than `share` writes wait while another batch is being stored, in milliseconds. Storing that
// batch may take very long.
const PATIENCE = 5
// Wait before writes with the fault `keep` are retried, in milliseconds.
const KEPT = 250

/**
 * Stores writes together: all writes of one turn of the event loop, or all that came while a batch was being stored.
 */
interface Batch<Write extends BatchWrite> {
  add(write: Write): void
  waiting(): number
  flushed(): Promise<void>
  /** Fails all waiting writes with `receiver_closed`. */
  close(): void
}

export function createBatch<Write extends BatchWrite>(options: BatchOptions<Write>): Batch<Write> {
  const { inbox, store, fault, rejection, atOnce = 1, share = Infinity, wide = false } = options
  const least = share === Infinity ? 1 : share
  const [firstWait, longestWait] = options.waits ?? [1, 8]
  const queue = createBacklog<Write>({ ...options, late: () => options.late(held) })
  let held: unknown
  const gather = createGather(wide, () => queue.size(), begin, options.soon)
  let running = 0
  let wait = firstWait
  let timer: ReturnType<typeof setTimeout> | undefined
  let patience: ReturnType<typeof setTimeout> | undefined
  let kept: Write[] = []
  let keeping: ReturnType<typeof setTimeout> | undefined
  let closed = false
  let idlers: (() => void)[] = []

  return {
    add(write) {
      if (closed) return write.failed(closedError())
      queue.push(write)
      schedule()
    },
    waiting: () => queue.waiting(),
    flushed: () =>
      running + queue.size() + kept.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => idlers.push(resolve)),
    close() {
      closed = true
      clearTimeout(timer)
      clearTimeout(patience)
      clearTimeout(keeping)
      queue.putBack(kept.splice(0))
      queue.fail(closedError)
      rest()
    },
  }

  function schedule(): void {
    if (timer !== undefined || running >= atOnce) return
    if (mayBegin(false)) gather.schedule()
    else patience ??= setTimeout(turn, PATIENCE, true)
  }

  /**
   * Returns true if a batch may start. While another batch is being stored, at least `least` writes must wait, or they
   * must have waited long enough (`late`).
   */
  function mayBegin(late: boolean): boolean {
    return running === 0 || (running < atOnce && (late || queue.size() >= least))
  }

  function begin(): void {
    if (timer === undefined) turn()
  }

  /** Starts batches. `late` is true if fewer than `share` writes have waited for PATIENCE milliseconds. */
  function turn(late = false): void {
    clearTimeout(patience)
    patience = undefined
    while (!closed && timer === undefined && queue.size() > 0 && mayBegin(late)) {
      const part =
        share === Infinity
          ? Infinity
          : Math.max(share, Math.ceil(queue.size() / (atOnce - running)))
      const batch = queue.take(part)
      if (batch.length === 0) break
      running++
      const stored = storeBatch(batch)
      if (stored) void stored.then(ended)
      else running--
      // After a synchronous store, the next batch follows in another turn, so that requests are handled in between.
      if (!stored) break
    }
    if (queue.size() > 0) schedule()
    else rest()
  }

  function ended(): void {
    running--
    if (queue.size() > 0) schedule()
    else rest()
  }

  function storeBatch(batch: readonly Write[]): Promise<void> | undefined {
    const began = performance.now()
    try {
      const stored = store(batch, Math.min(...batch.map(({ deadline = Infinity }) => deadline)))
      gather.stored(batch.length, performance.now() - began)
      if (stored === undefined) return succeeded()
      return stored.then(succeeded, (error: unknown) => failed(batch, error))
    } catch (error) {
      return failed(batch, error)
    }
  }

  function succeeded(): undefined {
    wait = firstWait
    held = undefined
  }

  function failed(batch: readonly Write[], error: unknown): Promise<void> | undefined {
    const of = grouped(batch, (write) => (closed ? 'all' : fault(error, write)))
    for (const write of of.get('all') ?? []) write.failed(rejection(error))
    keep(of.get('keep') ?? [])
    const again = of.get('again') ?? []
    if (again.length > 0) putBack(again, error)
    const ones = of.get('one') ?? []
    if (batch.length > 1) return alone(ones, 0)
    for (const write of ones) write.failed(rejection(error))
    return undefined
  }

  /** Holds back writes that must wait until the store recovers, so that other writes are not delayed. */
  function keep(writes: readonly Write[]): void {
    if (writes.length === 0) return
    kept.push(...writes)
    keeping ??= setTimeout(() => {
      keeping = undefined
      queue.putBack(kept.splice(0))
      schedule()
    }, KEPT)
  }

  /** Stores each write separately, so that one write that cannot be stored does not fail the others. */
  function alone(batch: readonly Write[], from: number): Promise<void> | undefined {
    for (let at = from; at < batch.length; at++) {
      const stored = storeBatch([batch[at]!])
      if (stored) return stored.then(() => alone(batch, at + 1))
    }
    return undefined
  }

  function putBack(batch: readonly Write[], error: unknown): undefined {
    held = error
    queue.putBack(batch)
    queue.expire()
    if (timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      turn()
    }, wait)
    wait = Math.min(wait * 2, longestWait)
  }

  function closedError(): Error {
    return new WebhookError('receiver_closed', { problem: 'closed', got: inbox })
  }

  function rest(): void {
    if (running + queue.size() + kept.length > 0) return
    for (const resolve of idlers) resolve()
    idlers = []
  }
}

export interface WriteOptions<Write extends BatchWrite> extends Pick<
  BatchOptions<Write>,
  'rows' | 'bytes' | 'atOnce' | 'share' | 'waits' | 'fault'
> {
  /** Writes a batch: all writes or none. The returned function is called after the commit. */
  readonly put: (
    writes: readonly Write[],
    until: number,
    undo: Undo,
  ) => MaybePromise<() => MaybePromise<void>>
}

type WriteBatch<Write extends BatchWrite> = Pick<Batch<Write>, 'add' | 'waiting' | 'flushed'>

/** Makes batches that write to one store. With one writer, all writes of an event-loop turn share a transaction. */
export interface BatchWriter {
  batch<Write extends BatchWrite>(options: WriteOptions<Write>): WriteBatch<Write>
  /** Calls `run` at the end of the shared transaction, or immediately if the store does not share transactions. */
  last(run: (undo: Undo) => MaybePromise<() => void>, failed: (error: unknown) => void): void
  flushed(): Promise<void>
  close(): void
}

/** Registers how to undo a change in memory, in case the transaction is rolled back. */
export type Undo = (undo: () => void) => void

/** Calls `run`. If `run` fails, undoes the changes in memory that `run` has registered. */
export function undone<T>(run: (undo: Undo) => MaybePromise<T>): MaybePromise<T> {
  const undos: (() => void)[] = []
  const failed = (error: unknown): never => {
    for (const undo of undos) undo()
    throw error
  }
  try {
    const made = run((undo) => void undos.push(undo))
    return isPromise(made) ? made.catch(failed) : made
  } catch (error) {
    return failed(error)
  }
}

/** Decides when the next batch starts. */
interface Gather {
  schedule(): void
  stored(writes: number, took: number): void
}

// A batch with at least this number of writes is large.
const CROWD = 8

/**
 * Makes a {@link Gather}. A batch starts in the next turn of the event loop. If `wide` is true and the last batch was
 * large, the batch starts after the first turn that adds no writes. Until then, the event loop reads requests that
 * arrived while the last batch was being stored. The batch waits at most as long as storing the last batch took.
 */
export function createGather(
  wide: boolean,
  waiting: () => number,
  begin: () => void,
  soon: (begin: () => void) => void = nextRound,
): Gather {
  let scheduled = false
  let last = { writes: 0, took: 0 }

  return {
    schedule() {
      if (scheduled) return
      scheduled = true
      if (!wide || last.writes < CROWD) return soon(go)
      look(0, performance.now() + last.took)
    },
    stored: (writes, took) => void (last = { writes, took }),
  }

  function look(seen: number, until: number): void {
    soon(() => {
      const count = waiting()
      if (count > seen && performance.now() < until) look(count, until)
      else go()
    })
  }

  function go(): void {
    scheduled = false
    begin()
  }
}

export interface BatchWrite {
  readonly bytes: number
  /** @default 1 */
  readonly rows?: number
  /** When the write fails if it is not stored, as a time of `performance.now()`. @default never */
  readonly deadline?: number
  failed(error: Error): void
}

/** Holds writes that wait for a batch, in order. `late` returns the error for a write whose deadline has passed. */
function createBacklog<Write extends BatchWrite>(bounds: {
  readonly rows: number
  readonly bytes: number
  readonly late: () => Error
}) {
  let queue: Write[] = []
  let waiting = 0

  return {
    push(write: Write): void {
      waiting += write.bytes
      queue.push(write)
    },
    putBack(writes: readonly Write[]): void {
      queue.unshift(...writes)
      for (const write of writes) waiting += write.bytes
    },
    take,
    expire,
    fail(error: () => Error): void {
      const failed = queue
      queue = []
      waiting = 0
      for (const write of failed) write.failed(error())
    },
    size: () => queue.length,
    waiting: () => waiting,
  }

  /** Removes and returns the writes of one batch, at most `most`. */
  function take(most: number): readonly Write[] {
    expire()
    let count = 0
    let rows = 0
    let bytes = 0
    while (
      count < Math.min(most, queue.length) &&
      (count === 0 || (rows < bounds.rows && bytes < bounds.bytes))
    ) {
      const write = queue[count++]!
      rows += write.rows ?? 1
      bytes += write.bytes
    }
    const batch = count === queue.length ? queue : queue.slice(0, count)
    queue = count === queue.length ? [] : queue.slice(count)
    waiting -= bytes
    return batch
  }

  function expire(): void {
    const now = performance.now()
    if (!queue.some((write) => isLate(write, now))) return
    const late = queue.filter((write) => isLate(write, now))
    queue = queue.filter((write) => !isLate(write, now))
    for (const write of late) {
      waiting -= write.bytes
      write.failed(bounds.late())
    }
  }
}

function isLate({ deadline = Infinity }: BatchWrite, now: number): boolean {
  return deadline <= now
}
