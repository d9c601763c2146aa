import { settledBy } from '../../basics/deadline.ts'

/** What closing needs of its runner. */
interface ClosingParts {
  /** Resolves when nothing is claimed, runs or waits to be stored. */
  readonly idle: () => Promise<void>
  /** Aborts the signal of what runs. */
  readonly abort: () => void
  /** Gives back what runs. */
  readonly giveBackRunning: () => void
  /** Milliseconds that storing what is released may take. */
  readonly margin: number
}

/**
 * Ends what runs by a time of `performance.now()`: handlers hear the signal at half of the time left, and what still
 * runs near the end is released early enough to be stored. A time that has passed releases at once, and storing
 * then has the margin.
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
