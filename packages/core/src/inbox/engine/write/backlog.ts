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
