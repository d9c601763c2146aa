import type { TaskDraft } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { executor } from './connection.ts'
import type { Claimed } from './lanes.ts'
import type { PgClient, PgExecutor, PgResult } from './pg.ts'
import type { Settle } from './settle.ts'

/** What `write` of `task.commit` gets: the transaction that settles the task. */
export interface PgTransaction extends PgExecutor {
  readonly query: (text: string, values?: unknown[]) => Promise<PgResult>
  /** The client of `pg` itself, for query builders. Leave BEGIN, COMMIT and ROLLBACK alone. */
  readonly client: PgClient
}

/** An attempt that may commit. */
export interface Committing {
  readonly task: Claimed
  /** When it started: in milliseconds since 1970, and on the clock of `performance.now()`. */
  readonly startedAt: number
  readonly started: number
  /** True once its task is settled by a commit. */
  committed: boolean
  /** True once the task was given back, since its receiver closed. */
  readonly given: boolean
}

/** Runs `write` in the transaction that settles the attempt as done. */
export type Commit = (
  attempt: Committing,
  write: (transaction: unknown) => unknown,
  spawn: readonly TaskDraft[] | undefined,
) => Promise<unknown>

/** Makes `task.commit`. */
export function createCommit(engine: Engine, receiver: string, settle: Settle): Commit {
  return async (attempt, write, spawn) => {
    if (attempt.committed)
      throw new Error('task.commit: this attempt is settled already: commit is its last act')
    if (attempt.given)
      throw new Error(
        'task.commit: the receiver closed and gave the task back, so nothing was written',
      )
    const { task } = attempt
    if (spawn)
      await engine.queues.ensure(receiver, [...new Set(spawn.map((child) => child.subscription))])
    const result = await engine.db.open(task.slot.lane.timeout, async (client) => {
      let written: unknown
      const outcome = { kind: 'done' as const, ...(spawn && { spawn }) }
      // The claim first, so that a lost one writes nothing; its row is locked from here on, so that it stays ours.
      const ran = { at: attempt.startedAt, ms: performance.now() - attempt.started }
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
    attempt.committed = true
    return result
  }
}
