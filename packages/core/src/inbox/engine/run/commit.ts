import { isPromise } from '../../../basics/maybe.ts'
import type { Consumer, TaskDraft } from '../../inbox.ts'
import { stopwatchOf } from '../../tasks/stopwatch.ts'
import { chain, steps } from '../steps.ts'
import type { Store } from '../store.ts'
import type { EndedRun, Settle } from './settle.ts'
import type { Task } from './task.ts'

/** Runs writes and settles a task in one transaction. */
export type Commit = (
  task: Task,
  write: (transaction: unknown) => unknown,
  spawn: readonly TaskDraft[] | undefined,
) => unknown

const LOST =
  'task.commit: the claim was lost (its lease ran out, and the task was settled or replayed since), so nothing was written'

/** Makes `task.commit`. It answers at once if the store does. */
export function createCommit(
  store: Store,
  settle: Settle,
  consumer: Consumer,
): {
  readonly commit: Commit
  /** In an open transaction of the application: it is not known here when that ends, and how. */
  commitIn(task: Task, transaction: unknown, spawn: readonly TaskDraft[] | undefined): Promise<void>
} {
  const stopwatch = stopwatchOf(consumer)
  return {
    commit(task, write, spawn) {
      const ended = endOf(task, spawn)
      let written: unknown
      const lines = task.line === null ? [] : [task.line]
      const stored = store.atomic(task.slot.lane.timeout, lines, (rows, transaction) =>
        chain(
          steps(() => settle.within(rows, ended, () => run(transaction))),
          (counted) => {
            if (!counted) throw new Error(LOST)
          },
        ),
      )
      return chain(stored, () => {
        task.committed = ended.outcome
        return written
      })

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
      if (task.line !== null) await rows.lock([task.line])
      task.within = true
      if (!(await steps(() => settle.within(rows, ended, () => {})))) throw new Error(LOST)
    },
  }

  function endOf(task: Task, spawn: readonly TaskDraft[] | undefined): EndedRun {
    if (task.committed)
      throw new Error('task.commit: this attempt is settled already: commit is its last act')
    if (task.over)
      throw new Error(
        'task.commit: the receiver closed and gave the task back, so nothing was written',
      )
    const ran = { startedAt: task.startedAt, duration: stopwatch() - task.started }
    return { task, outcome: { kind: 'done', ...(spawn && { spawn }) }, ran }
  }
}
