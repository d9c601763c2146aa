import { createRunner, type Consumer, type Drained, type Runner } from '@postern/core/inbox'
import type { Commit } from './commit.ts'
import type { Settler } from './settler.ts'
import { claimOf, type Task } from './task.ts'

/** The port as the runner sees it. */
export interface RunHost {
  readonly consumer: Consumer
  readonly commit: Commit
  readonly settler: Settler
  /** Claims for the hungry slots. */
  readonly fetch: (over: (failed?: boolean) => void) => void
  /** Frees tasks whose lease ended. */
  readonly reclaim: () => Promise<void>
  readonly rest: () => Promise<Pick<Drained, 'left' | 'next'>>
}

// Quick handlers get tasks ahead, so that a statement is shared by more of them: as many as end within this time, in
// milliseconds, and no more than this number.
const AHEAD = { time: 100, most: 400, half: true }
// How long before the end of `close` running tasks are given back, in milliseconds, so that PostgreSQL has stored it.
const MARGIN = 500

/** Makes the runner of a receiver: it runs claimed tasks and settles them. */
export function createRun(host: RunHost): Runner<Task> {
  const { consumer, commit, settler, fetch, reclaim, rest } = host
  return createRunner<Task>({
    consumer,
    ahead: AHEAD,
    margin: MARGIN,
    claimOf(task) {
      task.startedAt = consumer.now()
      return claimOf(task, (write, spawn) => commit(task, write, spawn))
    },
    settle: ({ task, outcome, ran, done }) => settler.add({ task, outcome, ran }, done),
    fetch,
    ended(task) {
      task.free?.()
      if (task.committed) settler.committed(task)
    },
    reclaim,
    rest,
  })
}
