import { settledBy, nextRound } from '../../basics/deadline.ts'
import type { Consumer, RunDueResult, TaskDraft } from '../inbox.ts'
import type { Side } from './attach/attachment.ts'
import { createRunner, type BurstEnd } from './run/runner.ts'
import { createAccept } from './accept/accept.ts'
import { createProbe } from './accept/probe.ts'
import { createCapacity, type Capacity } from './accept/capacity.ts'
import { createWatch, type Watch } from './lease/watch.ts'
import type { SharedParts, SideParts } from './parts.ts'
import { createClaims, type Claims } from './run/claim.ts'
import { createLanes, type Lanes } from './run/lanes.ts'
import { createSettle, type Settle } from './run/settle.ts'
import { claimOf, type Task } from './run/task.ts'
import { isA, WebhookError } from '../../errors.ts'
import { LRUCache } from 'lru-cache'
import { isPromise, type MaybePromise } from '../../basics/maybe.ts'
import { stopwatchOf } from './stopwatch.ts'
import { chain, steps } from './steps.ts'
import type { Store } from './store.ts'
import { createCrowd } from './run/crowd.ts'
import type { EndedRun } from './run/outcomes.ts'
import type { Slot } from './run/slot.ts'

/** A receiver's side that the view changes. */
export interface EngineSide extends Side {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly capacity: Capacity
  look(): void
  /** It is shut out of the store, or, without a reason, that is over. */
  shut(rejected: string | undefined): void
  /** The store went back: what is claimed here is not claimed there. */
  back(message: string): void
  /** Resolves when nothing waits to be stored. */
  flushed(): Promise<void>
  /** As `Runner.pause`, once what it gave back is stored. */
  pause(): Promise<() => void>
}

// Milliseconds that storing what is given back may take.
const MARGIN = 500

/** Makes a receiver's side: the rules above any store. */
export function createSide(shared: SharedParts, consumer: Consumer): EngineSide {
  const { store, settings, ahead } = shared
  const lanes = createLanes(store, consumer.receiver, () => runner.slots(), settings.deadline)
  const capacity = createCapacity({ store, settings, consumer, lanes })
  const parts: SideParts = {
    ...shared,
    consumer,
    lanes,
    capacity,
    runner: () => runner,
    dueAt(at) {
      claims.dueAt(at)
      runner.dueAt(at)
    },
    look: () => life.look(),
    draining: () => life.draining(),
  }
  const accept = createAccept(parts)
  const settle = createSettle(parts)
  const commit = createCommit(store, settle, consumer)
  const claims = createClaims(parts)
  const runner = createRunner<Task>({
    consumer,
    ahead,
    early: store.alone !== undefined,
    margin: MARGIN,
    claimOf(task) {
      if (!shared.commits) return claimOf(task)
      return claimOf(task, {
        commit: (write, spawn) => commit.commit(task, write, spawn),
        commitIn: (transaction, spawn) => commit.commitIn(task, transaction, spawn),
        conflict: (error) => commit.conflict(task, error),
      })
    },
    settle: ({ task, outcome, ran, done }) => settle.add({ task, outcome, ran }, done),
    fetch: (over) => claims.fetch(over),
    ended(task) {
      task.free?.()
      if (task.committed) settle.follow(task, task.committed)
    },
    async reclaim() {
      await watch.look()
      claims.soon()
    },
    async rest() {
      const { left, next } = await store.rest(lanes.all())
      return { left, next: next === undefined ? undefined : Math.round(consumer.now() + next) }
    },
  })
  const watch = createWatch(parts, () => claims.suspected())
  const life = createSideLife(parts, claims, watch)
  return {
    consumer,
    lanes,
    capacity,
    accept,
    probe: createProbe(parts, accept),
    look: life.look,
    shut: life.shut,
    back(message) {
      lanes.forget()
      life.shut(message)
      life.look()
    },
    work: life.work,
    drain: life.drain,
    burst: life.burst,
    close: life.close,
    flushed: () => settle.flushed(),
    async pause() {
      const resume = runner.pause()
      await settledBy(settle.flushed(), performance.now() + settings.deadline)
      return resume
    },
  }
}

/** The work of a receiver, from its start to its close. */
interface SideLife extends Required<Pick<Side, 'work' | 'drain' | 'burst' | 'close'>> {
  /** True while a drain runs. */
  readonly draining: () => boolean
  /** Any task may be ready. */
  readonly look: () => void
  /** The receiver is shut out of the store, or, without a reason, that is over. */
  readonly shut: (rejected: string | undefined) => void
}

// Milliseconds that dropping what is old may take after a burst.
const TIDY = 100

/** Makes the life of a receiver. */
function createSideLife(parts: SideParts, claims: Claims, watch: Watch): SideLife {
  const { store, writer, settings, consumer, lanes } = parts
  const runner = parts.runner()
  let working = false
  let drains = 0
  let poll: ReturnType<typeof setInterval> | undefined
  return {
    draining: () => drains > 0,
    look,
    shut,
    work,
    drain,
    burst,
    close,
  }

  function look(): void {
    claims.soon()
    runner.look()
  }

  /**
   * Looks only if something may be ready. A look lets older tasks go first: what arrives before its claim is stored without
   * one, and read and parsed again by the next.
   */
  async function polled(): Promise<void> {
    let found = true
    try {
      if (store.opened && lanes.complete()) found = (await store.any?.(lanes.all())) ?? true
    } catch {
      // The claim reports it.
    }
    if (found) look()
  }

  function shut(rejected: string | undefined): void {
    if (rejected === undefined) return look()
    consumer.warn(rejected)
    runner.giveBack(rejected)
  }

  function work(): void {
    working = true
    parts.onWork()
    runner.work()
    look()
    if (store.alone) return
    watch.start()
    poll = setInterval(() => void polled(), settings.pollInterval)
    // If the store fails the next look on the timer reports it.
    watch.look().catch(() => {})
  }

  async function drain(until: number, max: number, last?: number): Promise<RunDueResult> {
    drains++
    if (!store.alone) watch.start()
    try {
      if (!store.opened) await store.open()
      const drained = await runner.drain(until, max, last)
      await parts.tidy(until)
      return drained
    } catch (error) {
      throw isA(error, WebhookError) ? error : store.rejection(error)
    } finally {
      drains--
      if (!working && drains === 0) watch.stop()
    }
  }

  /** A task that does not run is lost with the process: half of the time is for those that wait. */
  async function workedOff(until: number): Promise<void> {
    const half = (performance.now() + until) / 2
    do {
      await settledBy(runner.idle(), half)
      // The last one may have made others ready.
      await nextRound()
    } while (!runner.isIdle() && performance.now() < half)
  }

  function burst(most: number): BurstEnd | undefined {
    const end = runner.burst(most)
    if (!end) return undefined
    return async () => {
      const ended = await end()
      if (ended) await parts.tidy(performance.now() + TIDY)
      return ended
    }
  }

  async function close(until: number): Promise<void> {
    clearInterval(poll)
    if (store.alone) await workedOff(until)
    await runner.close(until)
    await settledBy(writer.flushed(), until)
    watch.stop()
  }
}

/** Runs writes and settles a task in one transaction. */
type Commit = (
  task: Task,
  write: (transaction: unknown) => unknown,
  spawn: readonly TaskDraft[] | undefined,
) => unknown

// How often `write` runs again after a conflict with another transaction.
const AGAIN = 5
// How often an attempt that ends in such a conflict is made again without being counted.
const UNCOUNTED = 10
// Conflicts of how many tasks are remembered.
const TASKS = 1000

const LOST =
  'task.commit: the claim was lost (its lease expired, and the task was settled or replayed since), so nothing was written'

const LATE =
  'task.commit: others of its subscription, which were in its way, took all of its time, so nothing was written'

/** Thrown in a transaction that has written nothing: it has to wait for a place. */
class Crowded extends Error {}

/** Makes `task.commit`. It answers at once if the store does. */
function createCommit(
  store: Store,
  settle: Settle,
  consumer: Consumer,
): {
  readonly commit: Commit
  /** In an open transaction of the application: it is not known here when that ends, and how. */
  commitIn(task: Task, transaction: unknown, spawn: readonly TaskDraft[] | undefined): Promise<void>
  /** As `Claim.conflict`. */
  conflict(task: Task, error: unknown): number | undefined
} {
  const stopwatch = stopwatchOf(consumer)
  // Errors of a `write` that has run often enough: they count.
  const spent = new WeakSet<object>()
  const conflicts = new LRUCache<number, number>({ max: TASKS })
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
          // It waited for a connection while others met.
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
      // Who did not await it does not hear the error either.
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

/** Milliseconds, so that those who met do not meet again. */
function jitter(tries: number): number {
  return 2 + Math.random() * Math.min(1000, 20 * 2 ** tries)
}
