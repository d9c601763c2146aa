import { WebhookError } from '../../../errors.ts'
import { type MaybePromise, grouped, isPromise } from '../../../basics/maybe.ts'
import { soon as nextRound } from '../../../basics/deadline.ts'

/**
 * Result of a failed `store` for a work. `again`: retry soon. `keep`: retry once the store works again. `one`: store
 * each work alone, since one is at fault. `all`: all have failed.
 */
type Fault = 'again' | 'keep' | 'one' | 'all'

/** Options of {@link createBatch}. */
export interface BatchOptions<Work extends BatchWork> {
  /** The name of the inbox in errors. */
  readonly inbox: string
  /** Maximum number of rows of a batch; a single work may have more. */
  readonly rows: number
  /** Maximum bytes of a batch; a single work may have more. */
  readonly bytes: number
  /** Number of batches stored at once. @default 1 */
  readonly atOnce?: number
  /**
   * With several batches at once: the least number of works in each. Fewer works wait briefly for the batch that is
   * being stored.
   * @default all in one batch
   */
  readonly share?: number
  /** First and longest wait after `again`, in milliseconds. @default [1, 8] */
  readonly waits?: readonly [first: number, longest: number]
  /**
   * True if batches should wait for more works: for a store that holds the event loop while it writes.
   * @default false
   */
  readonly wide?: boolean
  /** Schedules the next batch. @default in the event loop's next round */
  readonly soon?: (begin: () => void) => void
  /** Stores all works or none, by their earliest deadline (a time of `performance.now()`, or Infinity). */
  readonly store: (batch: readonly Work[], until: number) => MaybePromise<void>
  /** Returns the result of a failed `store` for a work. */
  readonly fault: (error: unknown, work: Work) => Fault
  readonly rejection: (error: unknown) => Error
  /** Returns the error for a work whose deadline passed while it waited. `reason` is the error of the last batch. */
  readonly late: (reason?: unknown) => Error
}

// Milliseconds that a few works wait for another batch. If that batch hangs, they must not wait longer.
const PATIENCE = 5
// Milliseconds before kept works are tried again.
const KEPT = 250

/** Stores works together that arrive in one turn of the event loop, or while others are stored. */
interface Batch<Work extends BatchWork> {
  add(work: Work): void
  waiting(): number
  flushed(): Promise<void>
  /** Fails waiting works as `receiver_closed`. */
  close(): void
}

export function createBatch<Work extends BatchWork>(options: BatchOptions<Work>): Batch<Work> {
  const { inbox, store, fault, rejection, atOnce = 1, share = Infinity, wide = false } = options
  const least = share === Infinity ? 1 : share
  const [firstWait, longestWait] = options.waits ?? [1, 8]
  const queue = createBacklog<Work>({ ...options, late: () => options.late(held) })
  let held: unknown
  const gather = createGather(wide, () => queue.size(), begin, options.soon)
  let running = 0
  let wait = firstWait
  let timer: ReturnType<typeof setTimeout> | undefined
  let patience: ReturnType<typeof setTimeout> | undefined
  let kept: Work[] = []
  let keeping: ReturnType<typeof setTimeout> | undefined
  let closed = false
  let idlers: (() => void)[] = []

  return {
    add(work) {
      if (closed) return work.failed(closedError())
      queue.push(work)
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

  /** Next to another batch, a second one starts only if it has enough works. */
  function mayBegin(late: boolean): boolean {
    return running === 0 || (running < atOnce && (late || queue.size() >= least))
  }

  function begin(): void {
    if (timer === undefined) turn()
  }

  /** Starts batches. `late` is true once a small batch has waited long enough. */
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
      const stored = write(batch)
      if (stored) void stored.then(ended)
      else running--
      // The next batch of a synchronous store runs in another turn, so that requests get theirs.
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

  function write(batch: readonly Work[]): Promise<void> | undefined {
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

  function failed(batch: readonly Work[], error: unknown): Promise<void> | undefined {
    const of = grouped(batch, (work) => (closed ? 'all' : fault(error, work)))
    for (const work of of.get('all') ?? []) work.failed(rejection(error))
    keep(of.get('keep') ?? [])
    const again = of.get('again') ?? []
    if (again.length > 0) putBack(again, error)
    const ones = of.get('one') ?? []
    if (batch.length > 1) return alone(ones, 0)
    for (const work of ones) work.failed(rejection(error))
    return undefined
  }

  /** Keeps works apart that can succeed only after the fault, so that other works need not wait. */
  function keep(works: readonly Work[]): void {
    if (works.length === 0) return
    kept.push(...works)
    keeping ??= setTimeout(() => {
      keeping = undefined
      queue.putBack(kept.splice(0))
      schedule()
    }, KEPT)
  }

  /** Stores each work alone, so that one bad work does not fail the others. */
  function alone(batch: readonly Work[], from: number): Promise<void> | undefined {
    for (let at = from; at < batch.length; at++) {
      const stored = write([batch[at]!])
      if (stored) return stored.then(() => alone(batch, at + 1))
    }
    return undefined
  }

  function putBack(batch: readonly Work[], error: unknown): undefined {
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

export interface WriteOptions<Work extends BatchWork> extends Pick<
  BatchOptions<Work>,
  'rows' | 'bytes' | 'atOnce' | 'share' | 'waits' | 'fault'
> {
  /** Writes a batch, all or nothing. The returned function is called after the commit. */
  readonly put: (
    works: readonly Work[],
    until: number,
    undo: Undo,
  ) => MaybePromise<() => MaybePromise<void>>
}

type WriteBatch<Work extends BatchWork> = Pick<Batch<Work>, 'add' | 'waiting' | 'flushed'>

/** The batches of one store. With one writer, all works of an event-loop turn share a transaction. */
export interface BatchWriter {
  batch<Work extends BatchWork>(options: WriteOptions<Work>): WriteBatch<Work>
  /** Runs at the end of a transaction, after works that make tasks ready; at once without shared transactions. */
  last(run: (undo: Undo) => MaybePromise<() => void>, failed: (error: unknown) => void): void
  flushed(): Promise<void>
  close(): void
}

/** Registers a function that undoes changes in memory if the transaction is rolled back for any reason. */
export type Undo = (undo: () => void) => void

/** Undoes changes in memory if `run` fails. */
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
  /** Notes a stored batch: its number of works, and its milliseconds. */
  stored(works: number, took: number): void
}

// A batch with fewer works is small.
const CROWD = 8

/**
 * Makes a {@link Gather}: a batch starts in the event loop's next round. With `wide`, after a large batch, it waits for
 * further rounds while each brings more works, at most for the duration of that batch. Requests that arrived during it
 * are still being read. `waiting` counts works.
 */
export function createGather(
  wide: boolean,
  waiting: () => number,
  begin: () => void,
  soon: (begin: () => void) => void = nextRound,
): Gather {
  let scheduled = false
  let last = { works: 0, took: 0 }

  return {
    schedule() {
      if (scheduled) return
      scheduled = true
      if (!wide || last.works < CROWD) return soon(go)
      look(0, performance.now() + last.took)
    },
    stored: (works, took) => void (last = { works, took }),
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

/** A work that waits to be stored. */
export interface BatchWork {
  readonly bytes: number
  /** @default 1 */
  readonly rows?: number
  /** When the work is late, as a time of `performance.now()`. @default never */
  readonly deadline?: number
  /** Called if the work was not stored. */
  failed(error: Error): void
}

/** Works that wait for a batch, in order. */
interface Backlog<Work extends BatchWork> {
  push(work: Work): void
  /** Puts works back at the front. */
  putBack(works: readonly Work[]): void
  /** Takes the works of one batch: at most `most`, and within the bounds unless it is a single work. */
  take(most: number): readonly Work[]
  /** Fails works whose deadline has passed. */
  expire(): void
  fail(error: () => Error): void
  size(): number
  waiting(): number
}

/** Makes a {@link Backlog}. `late` makes the error of a late work only on demand, since an error captures the stack. */
export function createBacklog<Work extends BatchWork>(bounds: {
  readonly rows: number
  readonly bytes: number
  readonly late: () => Error
}): Backlog<Work> {
  let queue: Work[] = []
  let waiting = 0

  return {
    push(work) {
      waiting += work.bytes
      queue.push(work)
    },
    putBack(works) {
      queue.unshift(...works)
      for (const work of works) waiting += work.bytes
    },
    take,
    expire,
    fail(error) {
      const failed = queue
      queue = []
      waiting = 0
      for (const work of failed) work.failed(error())
    },
    size: () => queue.length,
    waiting: () => waiting,
  }

  function take(most: number): readonly Work[] {
    expire()
    let count = 0
    let rows = 0
    let bytes = 0
    while (
      count < Math.min(most, queue.length) &&
      (count === 0 || (rows < bounds.rows && bytes < bounds.bytes))
    ) {
      const work = queue[count++]!
      rows += work.rows ?? 1
      bytes += work.bytes
    }
    const batch = count === queue.length ? queue : queue.slice(0, count)
    queue = count === queue.length ? [] : queue.slice(count)
    waiting -= bytes
    return batch
  }

  function expire(): void {
    const now = performance.now()
    if (!queue.some((work) => isLate(work, now))) return
    const late = queue.filter((work) => isLate(work, now))
    queue = queue.filter((work) => !isLate(work, now))
    for (const work of late) {
      waiting -= work.bytes
      work.failed(bounds.late())
    }
  }
}

function isLate({ deadline = Infinity }: BatchWork, now: number): boolean {
  return deadline <= now
}
