import type { TaskDraft } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { executor } from './connection.ts'
import type { PgClient, PgExecutor, PgResult } from './pg.ts'
import type { Settle } from './settle.ts'
import type { Task } from './task.ts'

/** The argument of `write` in `task.commit`: the transaction that settles the task. */
export interface PgTransaction extends PgExecutor {
  readonly query: (text: string, values?: unknown[]) => Promise<PgResult>
  /** The client of `pg` itself, for query builders. Leave BEGIN, COMMIT and ROLLBACK alone. */
  readonly client: PgClient
}

/** Runs `write` in the transaction that settles the task as done. */
export type Commit = (
  task: Task,
  write: (transaction: unknown) => unknown,
  spawn: readonly TaskDraft[] | undefined,
) => Promise<unknown>

/** Makes `task.commit`. `now` returns milliseconds since 1970. */
export function createCommit(
  engine: Engine,
  receiver: string,
  settle: Settle,
  now: () => number,
): Commit {
  return async (task, write, spawn) => {
    if (task.committed)
      throw new Error('task.commit: this attempt is settled already: commit is its last act')
    if (task.over)
      throw new Error(
        'task.commit: the receiver closed and gave the task back, so nothing was written',
      )
    if (spawn)
      await engine.queues.ensure(receiver, [...new Set(spawn.map((child) => child.subscription))])
    const outcome = { kind: 'done' as const, ...(spawn && { spawn }) }
    const result = await engine.db.open(task.slot.lane.timeout, async (client) => {
      let written: unknown
      const ran = { startedAt: task.startedAt, duration: Math.max(0, now() - task.startedAt) }
      // The claim is checked first, so that a lost one writes nothing. It locks the row, so the claim stays ours.
      const stored = await settle.within(executor(client), { task, outcome, ran }, async () => {
        written = await write({
          ...executor(client),
          query: (text: string, values?: unknown[]) => client.query(text, values),
          client,
        } satisfies PgTransaction)
      })
      if (!stored)
        throw new Error(
          'task.commit: the claim was lost (its lease ran out and another process took the task), so nothing was written',
        )
      return written
    })
    task.committed = outcome
    return result
  }
}
