import { isWebhookError } from '@postern/core'
import {
  createRunner,
  stopwatchOf,
  type Consumer,
  type Drained,
  type Ended,
  type Outcome,
  type Runner,
} from '@postern/core/inbox'
import type { Commit } from './commit.ts'
import { claimOf, type Running } from './task.ts'
import type { Store } from './store.ts'
import type { Work } from './work.ts'

/** The port as the runner sees it. */
export interface RunHost {
  readonly consumer: Consumer
  readonly commit: Commit
  /** Claims for the hungry slots, in the open transaction or the next. */
  readonly fetch: (over: (failed?: boolean) => void) => void
  /** Frees tasks whose lease ended. */
  readonly reclaim: () => Promise<void>
  readonly rest: () => Promise<Pick<Drained, 'left' | 'next'>>
}

// Quick handlers get tasks ahead, so that a transaction is shared by more of them: as many as end within this time, in
// milliseconds, and no more than this number.
const AHEAD = { time: 20, most: 256 }
// Milliseconds until an outcome that could not be stored (a full disk) is tried again.
const STORE_AGAIN = 250

/** Makes the runner of a receiver: it runs claimed tasks and settles them. */
export function createRun(store: Store, host: RunHost): Runner<Running> {
  const { consumer, commit, fetch, reclaim, rest } = host
  const { driver, running, writer, settle, finished } = store
  const stopwatch = stopwatchOf(consumer)
  const runner = createRunner<Running>({
    consumer,
    ahead: AHEAD,
    claimOf(task) {
      task.started = stopwatch()
      return claimOf(task, (write, spawn) => commit(task, write, spawn))
    },
    settle: end,
    fetch,
    ended(task, stored) {
      // If this one lost its claim, the next attempt of the task may run in this process already.
      if (running.get(task.id) === task.lease) running.delete(task.id)
      task.free?.()
      if (stored && task.committed) follow(task, stored)
    },
    reclaim,
    rest,
  })
  return {
    ...runner,
    start,
    get active() {
      return runner.active
    },
  }

  function start(tasks: readonly Running[]): void {
    const leased = Date.now()
    for (const task of tasks) {
      task.lease = { id: task.id, token: task.token, leased }
      running.set(task.id, task.lease)
    }
    runner.start(tasks)
  }

  function end({ task, outcome, ran, done }: Ended<Running>): void {
    if (ran) task.took = Math.round(ran.duration * 1000)
    let ending = outcome
    const work: Work = {
      bytes: 0,
      run() {
        const now = Math.floor(consumer.now())
        if (!ran) return settle.giveBack(task, now)
        if (isPlain(task, ending)) return finished.add(task, now)
        task.stored = settle.settle(task, ending, now)
        if (task.stored) follow(task, ending)
      },
      done: () => done(task.stored || !ran ? ending : undefined),
      failed(error) {
        if (isWebhookError(error) && error.code === 'closed') return done(undefined)
        consumer.warn(`the outcome of task ${task.id} could not be stored: ${error.message}`)
        if (driver.errors.isLasting(error) && ending === outcome) {
          // Another try would fail too: the task is dead with the reason, and delays no other task.
          ending = buried(outcome, error)
          return writer.add(work)
        }
        ending = outcome
        setTimeout(() => writer.add(work), STORE_AGAIN)
      },
    }
    writer.add(work)
  }

  function follow({ subscription, orderKey }: Running, outcome: Outcome): void {
    runner.follow(subscription, outcome, orderKey !== undefined)
  }
}

/** True if no task of its order key and no child waits for the outcome, and its row has nothing to clear. */
function isPlain({ orderKey, fresh }: Running, outcome: Outcome): boolean {
  return fresh && orderKey === undefined && outcome.kind === 'done' && outcome.spawn === undefined
}

function buried({ kind }: Outcome, error: Error): Outcome {
  const message = `its outcome (${kind}) cannot be stored: ${error.message}`
  return { kind: 'dead', error: { name: 'UnstorableOutcome', message } }
}
