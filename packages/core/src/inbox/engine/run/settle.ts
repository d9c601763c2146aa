import type { MaybePromise } from '../../../basics/maybe.ts'
import { errorText, isA } from '../../../errors.ts'
import type { Outcome } from '../../inbox.ts'
import type { BatchWork } from '../write/backlog.ts'
import type { EngineSide } from '../parts.ts'
import { chain, type Steps } from '../steps.ts'
import type { Rows } from '../store.ts'
import { childrenOf, createOutcomes, type EndedRun } from './outcomes.ts'
import type { Task } from './task.ts'

/** Stores outcomes in batches, and what follows from them. */
export interface Settle {
  /** `done` hears what was stored; undefined if it was rejected. */
  add(ended: EndedRun, done: (stored: Outcome | undefined) => void): void
  /** In a transaction: false, and nothing is written, if the outcome does not count. */
  within(rows: Rows, ended: EndedRun, write: () => MaybePromise<void>): Steps<boolean>
  /** Says what a stored end makes ready. */
  follow(task: Task, outcome: Outcome): void
  flushed(): Promise<void>
}

// Looks at an open transaction before its handler is told: it may be committing.
const PATIENT = 4

interface Work extends BatchWork, EndedRun {
  readonly done: (stored: Outcome | undefined) => void
}

/** Makes a {@link Settle}. */
export function createSettle(side: EngineSide): Settle {
  const { store, consumer, settings } = side
  const outcomes = createOutcomes(side)
  let warned = false
  // Ended runs that a fault of the store keeps in memory.
  const kept = new Map<Task, number>()
  let keptBytes = 0
  const batch = side.writer.batch<Work>({
    rows: 500,
    bytes: Infinity,
    waits: [10, 250],
    put,
    fault(error, { task }) {
      if (isRejected(error)) return 'one'
      const fault = store.fault(error)
      // Its claims are dropped: the rows are of other tasks now.
      if (fault === 'back') return 'all'
      if (fault !== 'again') consumer.failed?.(error)
      keep(task)
      if (keptBytes > settings.maxWaitingBytes) {
        consumer.warn(
          `task ${task.id} has ended and runs again: its outcome could not be stored, and the events of those that wait for that have ${settings.maxWaitingBytes} bytes (maxWaitingBytes): ${errorText(error)}`,
        )
        return 'all'
      }
      if (!warned)
        consumer.warn(`outcomes could not be stored yet, and are kept: ${errorText(error)}`)
      warned = true
      return fault === 'again' ? 'again' : 'keep'
    },
  })
  return {
    add(ended, done) {
      if (ended.task.within && store.busy) void whenFree(ended.task, () => add(ended, done))
      else add(ended, done)
    },
    within: (rows, ended, write) => outcomes.within(rows, ended, write),
    follow,
    flushed: () => batch.flushed(),
  }

  /** The end of a task that is settled in a transaction of the app waits for that: no other end may wait with it. */
  async function whenFree({ id }: Task, then: () => void): Promise<void> {
    for (let tries = 0; await isBusy(id); tries++) {
      if (tries === PATIENT)
        consumer.warn(
          `task ${id}: its handler returned before the transaction of task.commit({ in }) ended: await that transaction`,
        )
      await new Promise((resolve) => setTimeout(resolve, Math.min(10 * 2 ** tries, 1000)))
    }
    then()
  }

  async function isBusy(id: number): Promise<boolean> {
    try {
      return await store.busy!(id)
    } catch {
      // Storing the end reports it.
      return false
    }
  }

  function add(ended: EndedRun, done: Work['done'], burial = false): void {
    const { task, outcome, ran } = ended
    batch.add({
      task,
      outcome,
      ran,
      done,
      bytes: 0,
      failed(error) {
        // One that no store can take is buried with its reason, and holds up no other.
        const reason = error.cause ?? error
        if (burial || !isRejected(reason)) {
          release(task)
          return done(undefined)
        }
        const message = `its outcome ${outcome.kind} could not be stored: ${errorText(reason)}`
        consumer.warn(`task ${task.id} is dead: ${message}`)
        add(
          { task, ran, outcome: { kind: 'dead', error: { name: 'OutcomeRejected', message } } },
          done,
          true,
        )
      },
    })
  }

  function keep(task: Task): void {
    if (kept.has(task)) return
    kept.set(task, task.weight)
    keptBytes += task.weight
  }

  function release(task: Task): void {
    keptBytes -= kept.get(task) ?? 0
    kept.delete(task)
  }

  function isRejected(error: unknown): boolean {
    return isA(error, TypeError) || ['data', 'lasting'].includes(store.fault(error))
  }

  function put(works: readonly Work[]): MaybePromise<() => MaybePromise<void>> {
    return chain(outcomes.store(works), (stored) => () => {
      warned = false
      for (let at = 0; at < works.length; at++) tell(works[at]!, stored[at])
    })
  }

  function tell({ task, done, ran }: Work, stored: Outcome | undefined): void {
    if (kept.size > 0) release(task)
    done(stored)
    if (!stored) return
    if (stored.kind === 'retry' || stored.kind === 'postpone')
      return side.dueAt(ran ? stored.at : consumer.now())
    follow(task, stored)
  }

  function follow({ subscription, line }: Task, outcome: Outcome): void {
    const children = childrenOf(outcome)
    side.capacity.free(1 - children.length)
    if (line !== null) side.runner().ready(subscription)
    for (const child of children) side.runner().ready(child.subscription)
  }
}
