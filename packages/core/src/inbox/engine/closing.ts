import { settledBy } from '../../basics/deadline.ts'

interface ClosingParts {
  /** Resolves when no task is claimed, runs or waits to be stored. */
  readonly idle: () => Promise<void>
  readonly abort: () => void
  readonly giveBackRunning: () => void
  /** Time for storing the released tasks, in milliseconds. */
  readonly margin: number
}

/**
 * Ends running tasks by `until`, a time of `performance.now()`. Handlers get the abort signal at half of the time left.
 * Tasks that still run near the end are released early enough to be stored. If `until` has passed, running tasks are
 * released at once, and storing them may take `margin` milliseconds.
 */
export async function closeBy(until: number, parts: ClosingParts): Promise<void> {
  const { idle, abort, giveBackRunning, margin } = parts
  const began = performance.now()
  const time = until - began
  const quiet = idle()
  if (time > 0 && (await settledBy(quiet, began + time / 2))) return
  abort()
  if (time > 0 && (await settledBy(quiet, until - Math.min(margin, time / 4)))) return
  giveBackRunning()
  await settledBy(quiet, time > 0 ? until : performance.now() + margin)
}
