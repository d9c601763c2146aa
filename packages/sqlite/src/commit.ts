import { stopwatchOf, type Consumer, type TaskDraft } from '@postern/core/inbox'
import { explain } from './errors.ts'
import { createParts, type Parts } from './parts.ts'
import { rollback } from './schema.ts'
import type { Store } from './store.ts'
import type { Running } from './task.ts'

/** Runs `write` in the transaction that settles the attempt as done. */
export type Commit = (
  attempt: Running,
  write: (database: unknown) => unknown,
  spawn: readonly TaskDraft[] | undefined,
) => unknown

/**
 * Makes `task.commit`. It has a connection of its own: a handler must not change the state of the connection that stores
 * deliveries. It is synchronous: no handler can keep its transaction open while deliveries arrive.
 */
export function createCommit(store: Store, consumer: Consumer): Commit {
  const stopwatch = stopwatchOf(consumer)
  const db = store.connections.side
  // Made with the first commit: most receivers have none, and statements cost a millisecond.
  let parts: Parts | undefined

  return (attempt, write, spawn) => {
    if (attempt.committed || attempt.over || !store.running.has(attempt.id))
      throw new Error('task.commit: this attempt is settled already: commit is its last act')
    const lost = store.connections.guard.lost()
    if (lost !== undefined) throw new Error(`task.commit: ${lost}`)
    const { settle, kept } = (parts ??= createParts(db))
    begin()
    try {
      attempt.took = Math.round((stopwatch() - attempt.started) * 1000)
      const outcome = { kind: 'done' as const, ...(spawn && { spawn }) }
      // The claim is checked first, so that a lost one writes nothing. It locks the file, so the claim stays ours.
      if (!settle.settle(attempt, outcome, Math.floor(consumer.now())))
        throw new Error(
          'task.commit: the claim was lost (its lease ran out and another process took the task), so nothing was written',
        )
      const result = write(db)
      if (result instanceof Promise) {
        result.catch(() => {})
        throw new TypeError(
          'task.commit: write must be synchronous, since no transaction may stay open: await first, then commit',
        )
      }
      for (const each of kept) each.store()
      db.exec('COMMIT')
      for (const each of kept) each.stored()
      attempt.committed = outcome
      store.commits++
      return result
    } catch (error) {
      rollback(db)
      for (const each of kept) each.forget()
      throw error
    }
  }

  function begin(): void {
    try {
      db.exec('BEGIN IMMEDIATE')
    } catch (error) {
      throw new Error(`task.commit: ${explain(error, store.settings.path)}`, { cause: error })
    }
  }
}
