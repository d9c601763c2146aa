import { within } from '../../../basics/deadline.ts'
import { createSemaphore, type Semaphore } from '../semaphore.ts'
import type { Consumer, TaskDraft } from '../../inbox.ts'
import type { Settle, EndedRun } from './settle.ts'
import { type Task, stopwatchOf } from './task.ts'
import { isA } from '../../../errors.ts'
import { LRUCache } from 'lru-cache'
import { isPromise, type MaybePromise, chain, steps } from '../../../basics/maybe.ts'
import type { Store } from '../store.ts'
import type { Slot } from './slot.ts'

/**
 * Limits how many transactions of a subscription run at once, after two of them had a conflict: first one, then two,
 * four, and so on. Without this limit, the transactions would conflict again. The database needs a second
 * (`deadlock_timeout`) to detect each deadlock.
 */
interface Crowd<Slot extends object> {
  has(slot: Slot): boolean
  met(slot: Slot): void
  /**
   * Calls `run` once the slot (a subscription) has a free place. Rejects with `late` if no place is free by `until`, a
   * time of `performance.now()`.
   */
  placed<T>(slot: Slot, until: number, late: () => Error, run: () => Promise<T> | T): Promise<T>
}

interface Gate {
  readonly places: Semaphore
  most: number
  /**
   * `calm` is the number of successful transactions since `most` changed. Once `calm` reaches `need`, `most` is
   * doubled.
   */
  calm: number
  need: number
}

const CALM = 16
const LONGEST = 1024
// The limit is removed once it allows this number of transactions.
const ENOUGH = 32

export function createCrowd<Slot extends object>(): Crowd<Slot> {
  const gates = new Map<Slot, Gate>()
  return {
    has: (slot) => gates.has(slot),
    met(slot) {
      const gate = gates.get(slot)
      if (!gate) return void gates.set(slot, openGate())
      // There was a conflict after `most` had grown. So the next increase needs twice as many successful transactions.
      if (gate.most > 1) gate.need = Math.min(gate.need * 2, LONGEST)
      gate.most = 1
      gate.calm = 0
    },
    async placed(slot, until, late, run) {
      const gate = gates.get(slot)
      if (!gate) return run()
      const free = await within(Promise.resolve(gate.places.take()), until, late, (given) =>
        given(),
      )
      try {
        const result = await run()
        grow(slot, gate)
        return result
      } finally {
        free()
      }
    },
  }

  function grow(slot: Slot, gate: Gate): void {
    if (++gate.calm < gate.need) return
    gate.calm = 0
    gate.most *= 2
    if (gate.most >= ENOUGH && gates.get(slot) === gate) gates.delete(slot)
  }
}

function openGate(): Gate {
  const gate: Gate = {
    places: createSemaphore(() => gate.most),
    most: 1,
    calm: 0,
    need: CALM,
  }
  return gate
}

// Maximum number of times that `write` is repeated after a conflict.
const AGAIN = 5

// Maximum number of attempts of a task that end in a conflict and are not counted.
const UNCOUNTED = 10

// Maximum number of tasks whose conflicts are remembered in memory.
const TASKS = 1000

const LOST =
  'task.commit: the claim was lost (its lease expired, and the task was settled or replayed since), so nothing was written'

const LATE =
  'task.commit: no time was left after waiting for other commits of the subscription, so nothing was written'

/** Thrown in a transaction that has written nothing yet, because it must first wait for a place. */
class Crowded extends Error {}

/** Makes `task.commit`, which is synchronous if the store is synchronous. */
export function createCommit(
  store: Store,
  settle: Settle,
  consumer: Consumer,
): {
  commit(
    task: Task,
    write: (transaction: unknown) => unknown,
    spawn: readonly TaskDraft[] | undefined,
  ): unknown
  /** Settles the task in an open transaction of the app. The engine does not see the end of that transaction. */
  commitIn(task: Task, transaction: unknown, spawn: readonly TaskDraft[] | undefined): Promise<void>
  conflict(task: Task, error: unknown): number | undefined
} {
  const stopwatch = stopwatchOf(consumer)
  // Errors of transactions that were repeated too often. Unlike other conflicts, these errors count as attempts.
  const spent = new WeakSet<object>()
  // Made at the first conflict, since it reserves memory for all tasks at once.
  let conflicts: LRUCache<number, number> | undefined
  const crowd = createCrowd<Slot<Task>>()
  return {
    commit(task, write, spawn) {
      const ended = endOf(task, spawn)
      const until = performance.now() + task.slot.lane.timeout
      let written: unknown
      const { slot } = task
      const stored = crowd.has(slot) ? placed() : once(false)
      return chain(isPromise(stored) ? stored.catch(again) : stored, () => {
        task.committed = ended.outcome
        return written
      })

      function once(hasPlace: boolean): MaybePromise<void> {
        return store.commit(until - performance.now(), (rows, transaction) => {
          // While this transaction waited for a connection, another conflict may have limited the number of
          // transactions (see `Crowd`). This transaction must then wait for a place.
          if (!hasPlace && crowd.has(slot)) throw new Crowded()
          return chain(
            steps(() => settle.within(rows, ended, () => run(transaction))),
            (counted) => {
              if (!counted) throw new Error(LOST)
            },
          )
        })
      }

      function placed(): Promise<void> {
        return crowd.placed(
          slot,
          until,
          () => new Error(LATE),
          () => once(true),
        )
      }

      async function again(first: unknown): Promise<void> {
        let error = first
        for (let tries = 0; tries < AGAIN;) {
          if (!isA(error, Crowded)) {
            if (store.fault(error) !== 'again' || task.over || performance.now() > until)
              throw error
            crowd.met(slot)
            await new Promise((resolve) => setTimeout(resolve, jitter(tries++)))
          }
          try {
            return await placed()
          } catch (next) {
            error = next
          }
        }
        if (typeof error === 'object' && error !== null) spent.add(error)
        throw error
      }

      function run(transaction: unknown): void | Promise<void> {
        const result = write(transaction)
        if (isPromise(result))
          return result.then((value) => {
            written = value
          })
        written = result
      }
    },
    async commitIn(task, transaction, spawn) {
      const ended = endOf(task, spawn)
      const rows = store.guest(transaction)
      rows.begin?.()
      task.within = true
      if (!(await steps(() => settle.within(rows, ended, () => {})))) throw new Error(LOST)
    },
    conflict({ id }, error) {
      if (store.fault(error) !== 'again' || spent.has(error as object)) return undefined
      conflicts ??= new LRUCache({ max: TASKS })
      const before = conflicts.get(id) ?? 0
      if (before >= UNCOUNTED) {
        conflicts.delete(id)
        return undefined
      }
      conflicts.set(id, before + 1)
      return jitter(before)
    },
  }

  function endOf(task: Task, spawn: readonly TaskDraft[] | undefined): EndedRun {
    if (task.committed)
      throw new Error(
        'task.commit: this attempt has ended already; call commit once, as its last act',
      )
    if (task.returned) {
      const message =
        'task.commit: the handler had returned already, so nothing was written; await the transaction'
      // Also logs the message, since the app does not see the error if it does not await the promise.
      consumer.warn(`task ${task.id}: ${message}`)
      throw new Error(message)
    }
    if (task.over)
      throw new Error(
        'task.commit: the receiver closed and released the task, so nothing was written',
      )
    const ran = { startedAt: task.startedAt, duration: stopwatch() - task.started }
    return { task, outcome: { kind: 'done', ...(spawn && { spawn }) }, ran }
  }
}

/** Returns a random wait in milliseconds, so that two conflicting transactions are not repeated at the same time. */
function jitter(tries: number): number {
  return 2 + Math.random() * Math.min(1000, 20 * 2 ** tries)
}
