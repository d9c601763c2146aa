import { stopwatchOf, type Consumer, type TaskDraft } from '@postern/core/inbox'
import { createParts, type Parts } from './parts.ts'
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
  const { side: db, errors } = store.driver
  // Made with the first commit: most receivers have none, and statements cost a millisecond.
  let parts: Parts | undefined

  return (attempt, write, spawn) => {
    if (attempt.committed || attempt.over || !store.running.has(attempt.id))
      throw new Error('task.commit: this attempt is settled already: commit is its last act')
    const lost = store.driver.guard?.lost()
    if (lost !== undefined) throw new Error(`task.commit: ${lost}`)
    const { settle, kept } = (parts ??= createParts(db))
    const outcome = { kind: 'done' as const, ...(spawn && { spawn }) }
    let began = false
    try {
      const result = db.transaction(() => {
        began = true
        attempt.took = Math.round((stopwatch() - attempt.started) * 1000)
        // The claim is checked first, so that a lost one writes nothing. It locks the file, so the claim stays ours.
        if (!settle.settle(attempt, outcome, Math.floor(consumer.now())))
          throw new Error(
            'task.commit: the claim was lost (its lease ran out and another process took the task), so nothing was written',
          )
        const written = write(db.raw)
        if (written instanceof Promise) {
          written.catch(() => {})
          throw new TypeError(
            'task.commit: write must be synchronous, since no transaction may stay open: await first, then commit',
          )
        }
        for (const each of kept) each.store()
        return written
      })
      for (const each of kept) each.stored()
      attempt.committed = outcome
      store.commits++
      return result
    } catch (error) {
      for (const each of kept) each.forget()
      if (began) throw error
      throw new Error(`task.commit: ${errors.explain(error)}`, { cause: error })
    }
  }
}
