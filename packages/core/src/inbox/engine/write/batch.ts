import { WebhookError } from '../../../errors.ts'
import { type MaybePromise, grouped, isPromise } from '../../../basics/maybe.ts'
import { soon as nextRound } from '../../../basics/deadline.ts'

/**
 * What an error of `store` means for a work: `again` soon, `keep` until the store is well again, `one` by one since one of them
 * is at fault, or `all` of them failed.
 */
type Fault = 'again' | 'keep' | 'one' | 'all'

/** The argument of {@link createBatch}. */
export interface BatchOptions<Work extends BatchWork> {
  /** As in errors. */
  readonly inbox: string
  /** Rows of one batch; a single work may have more. */
  readonly rows: number
  /** Bytes of one batch; a single work may have more. */
  readonly bytes: number
  /** Batches stored at once. @default 1 */
  readonly atOnce?: number
  /**
   * With several at once: what waits is shared out among them in parts of at least this number, and fewer wait for the one
   * that is being stored, but not for long. @default all in one
   */
  readonly share?: number
  /** First and longest wait after `again`, in milliseconds. @default [1, 8] */
  readonly waits?: readonly [first: number, longest: number]
  /** Batches are worth a wait for more: for a store that holds the event loop while it writes. @default false */
  readonly wide?: boolean
  /** When the next batch starts. @default in the event loop's next round */
  readonly soon?: (begin: () => void) => void
  /** Stores all of them or none, by the earliest deadline among them (`performance.now()`; Infinity without one). */
  readonly store: (batch: readonly Work[], until: number) => MaybePromise<void>
  /** What an error of `store` means for a work of its batch. */
  readonly fault: (error: unknown, work: Work) => Fault
  /** The error that a work hears. */
  readonly rejection: (error: unknown) => Error
  /** The error of a work whose deadline passed while it waited; `reason`: why the last batch could not be stored yet. */
  readonly late: (reason?: unknown) => Error
}

// Milliseconds for which a few writes wait next to another batch: one that hangs must not hold them up for longer.
const PATIENCE = 5
// How long what is kept waits, in milliseconds.
const KEPT = 250

/** Stores writes together that arrive in one turn of the event loop, or while others are stored. */
interface Batch<Work extends BatchWork> {
  add(work: Work): void
  /** Bytes that wait. */
  waiting(): number
  /** Stores what waits at once, unless a wait after `again` is on. */
  now(): void
  /** Resolves when nothing waits. */
  flushed(): Promise<void>
  /** Fails what waits, as `receiver_closed`. */
  close(): void
}

/** Makes a batch. */
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
    now: begin,
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

  /** Next to another, only a batch that is worth a commit of its own. */
  function mayBegin(late: boolean): boolean {
    return running === 0 || (running < atOnce && (late || queue.size() >= least))
  }

  function begin(): void {
    if (timer === undefined) turn()
  }

  /** `late`: what waits has waited for long enough. */
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
      // The next batch of a synchronous store comes in another turn, so that requests have theirs.
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

  /** A promise, if the store is asynchronous. */
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

  /** Kept apart, so that other writes do not wait for these, which can succeed only after the fault. */
  function keep(works: readonly Work[]): void {
    if (works.length === 0) return
    kept.push(...works)
    keeping ??= setTimeout(() => {
      keeping = undefined
      queue.putBack(kept.splice(0))
      schedule()
    }, KEPT)
  }

  /** A work that cannot be stored must not fail the others of its batch. */
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

/** How writes of one kind are stored together. */
export interface WriteOptions<Work extends BatchWork> extends Pick<
  BatchOptions<Work>,
  'rows' | 'bytes' | 'atOnce' | 'share' | 'waits' | 'fault'
> {
  /** Writes a batch, all or nothing; what it returns is called once that is committed. */
  readonly put: (
    works: readonly Work[],
    until: number,
    undo: Undo,
  ) => MaybePromise<() => MaybePromise<void>>
}

/** What waits to be stored; `waiting` of a store with one writer counts bytes of all kinds. */
type WriteBatch<Work extends BatchWork> = Pick<Batch<Work>, 'add' | 'waiting' | 'flushed'>

/** The batches of one store. Of a store with one writer, all that waits in a turn of the event loop shares a transaction. */
export interface BatchWriter {
  batch<Work extends BatchWork>(options: WriteOptions<Work>): WriteBatch<Work>
  /** Runs in a transaction at its end, behind what others made ready in it; at once if each batch has its own. */
  last(run: (undo: Undo) => MaybePromise<() => void>, failed: (error: unknown) => void): void
  flushed(): Promise<void>
  close(): void
}

/** Notes what is to be undone in memory if the transaction is rolled back, by whatever else is in it. */
export type Undo = (undo: () => void) => void

/** Undoes in memory what failed in the store. */
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

/** When the next batch starts. */
interface Gather {
  /** A batch is to start soon. */
  schedule(): void
  /** Called after a batch was stored: how many writes it had, and how many milliseconds it took. */
  stored(works: number, took: number): void
}

// A batch of fewer writes is small.
const CROWD = 8

/**
 * Makes it: a batch starts in the event loop's next round. With `wide`, behind a batch that was not small, it waits for
 * further rounds while each brings more, at most for as long as that batch took: what came meanwhile is still to be read.
 * `waiting` counts writes.
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

/** One thing that waits to be stored. */
export interface BatchWork {
  readonly bytes: number
  /** @default 1 */
  readonly rows?: number
  /** When waiting is over, on the clock of `performance.now()`. @default never */
  readonly deadline?: number
  /** Hears that it was not stored. */
  failed(error: Error): void
}

/** What waits for a batch, in order. */
interface Backlog<Work extends BatchWork> {
  push(work: Work): void
  /** Puts back what was taken. */
  putBack(works: readonly Work[]): void
  /** Takes what goes into one batch: at most that many, and within the bounds if it is more than one. */
  take(most: number): readonly Work[]
  /** Tells those that are late. */
  expire(): void
  /** Fails all. */
  fail(error: () => Error): void
  /** How many wait. */
  size(): number
  /** Bytes of those that wait. */
  waiting(): number
}

/** Makes a {@link Backlog}. `late` makes the error of a work whose deadline passed: made on demand, since an error captures the stack. */
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
