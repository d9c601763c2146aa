import { WebhookError } from '@postern/core'
import type { DatabaseSync } from 'node:sqlite'
import { isBusy, isStorageFault, unavailable } from './errors.ts'
import { rollback } from './schema.ts'
import { bytesOf, closedError, failAll, type Kept, type Work } from './work.ts'

/** The one place transactions are made in. */
export interface Writer {
  add(work: Work): void
  /** The same, behind everything else of its transaction. */
  addLast(work: Work): void
  /** Bytes that wait. */
  readonly waiting: number
  /** Writes what waits right now instead of in the next turn of the event loop, unless the file is locked. */
  now(): void
  /** Resolves when nothing waits. */
  flushed(): Promise<void>
  /** Fails what waits. */
  close(): void
}

// Bounds of one transaction: how long one holds the event loop and the file depends on them.
const BATCH_ROWS = 512
const BATCH_BYTES = 8 * 1024 * 1024
// Waits between tries for the lock, in milliseconds.
const FIRST_WAIT = 1
const LONGEST_WAIT = 8

/** Makes the writer of a file. */
export function createWriter(db: DatabaseSync, path: string, kept: readonly Kept[]): Writer {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  let queue: Work[] = []
  let last: Work[] = []
  let waiting = 0
  let scheduled = false
  let locked = false
  let wait = FIRST_WAIT
  let closed = false
  let idlers: (() => void)[] = []

  return {
    add(work) {
      if (closed) return work.failed(closedError())
      waiting += work.bytes
      queue.push(work)
      schedule()
    },
    addLast(work) {
      if (closed) return work.failed(closedError())
      last.push(work)
      schedule()
    },
    get waiting() {
      return waiting
    },
    now() {
      if (!locked) write()
    },
    flushed: () =>
      queue.length + last.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => idlers.push(resolve)),
    close() {
      closed = true
      failAll([...queue, ...last], closedError())
      queue = []
      last = []
      rest()
    },
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(turn)
  }

  function turn(): void {
    scheduled = false
    locked = false
    write()
  }

  function write(): void {
    if (closed || queue.length + last.length === 0) return
    if (transaction()) {
      wait = FIRST_WAIT
      if (queue.length + last.length > 0) schedule()
      else rest()
      return
    }
    // Waiting inside SQLite would hold the event loop: come back.
    locked = true
    scheduled = true
    setTimeout(turn, wait)
    wait = Math.min(wait * 2, LONGEST_WAIT)
    expire()
  }

  /** One transaction of what waits; false where the file is locked. */
  function transaction(): boolean {
    try {
      begin.run()
    } catch (error) {
      if (isBusy(error)) return false
      fail([...take(), ...last.splice(0)], error)
      return true
    }
    const batch = take()
    const tried: Work[] = []
    try {
      for (let at = 0; at < batch.length || last.length > 0; at++) {
        // Taken now and not before: what ran may have asked for it.
        if (at === batch.length) batch.push(...last.splice(0))
        tried.push(batch[at]!)
        batch[at]!.run()
      }
      for (const each of kept) each.store()
      commit.run()
    } catch (error) {
      undo(tried)
      if (isBusy(error)) {
        queue.unshift(...batch)
        waiting += bytesOf(batch)
        return false
      }
      if (batch.length === 1 || isStorageFault(error)) fail(batch, error)
      else for (const work of batch) alone(work)
      return true
    }
    for (const each of kept) each.stored()
    for (const work of batch) work.done()
    return true
  }

  /** One work in its own transaction, after it or another made the common one fail. */
  function alone(work: Work): void {
    try {
      begin.run()
      work.run()
      for (const each of kept) each.store()
      commit.run()
    } catch (error) {
      undo([work])
      if (!isBusy(error)) return fail([work], error)
      queue.push(work)
      waiting += work.bytes
      return
    }
    for (const each of kept) each.stored()
    work.done()
  }

  function undo(tried: readonly Work[]): void {
    rollback(db)
    for (const each of kept) each.forget()
    for (const work of tried) work.undo?.()
  }

  function take(): Work[] {
    let rows = 0
    let bytes = 0
    while (rows < queue.length && rows < BATCH_ROWS && bytes < BATCH_BYTES)
      bytes += queue[rows++]!.bytes
    const batch = rows === queue.length ? queue : queue.slice(0, rows)
    queue = rows === queue.length ? [] : queue.slice(rows)
    waiting -= bytes
    return batch
  }

  /** Fails what waited too long for the lock. */
  function expire(): void {
    const now = performance.now()
    const late = queue.filter((work) => work.deadline !== undefined && work.deadline <= now)
    if (late.length === 0) return
    queue = queue.filter((work) => !late.includes(work))
    waiting -= bytesOf(late)
    failAll(
      late,
      new WebhookError(
        'inbox_unavailable',
        `sqliteInbox: ${path}: another process held its write lock until the deadline`,
      ),
    )
  }

  function fail(batch: readonly Work[], error: unknown): void {
    failAll(batch, unavailable(error, path))
  }

  function rest(): void {
    for (const resolve of idlers) resolve()
    idlers = []
  }
}
