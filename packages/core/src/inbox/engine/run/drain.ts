import type { RunDueResult, Outcome } from '../../inbox.ts'
import type { RunnerOptions } from './task.ts'
import { settledBy, timeTo } from '../../../basics/deadline.ts'

interface DrainParts extends Pick<RunnerOptions<never>, 'reclaim' | 'rest'> {
  readonly limit: (count: number) => void
  /** Allows or forbids claims. Claims are allowed only during a drain (one call of `runDue`). */
  readonly allow: (on: boolean) => void
  readonly look: () => void
  readonly idle: () => Promise<void>
  readonly giveBackWaiting: () => void
  readonly abort: () => void
  readonly giveBackRunning: () => void
}

interface Drain {
  /** Runs due tasks; see `Port.drain`. Several calls run one after another. */
  readonly drain: (until: number, max: number, last?: number) => Promise<RunDueResult>
  /** Counts an attempt by its stored outcome. Does nothing for a task that had not started. */
  readonly ended: (stored: Outcome | undefined, started: boolean) => void
  readonly stop: () => void
}

/** Time before the deadline in which no task starts, in milliseconds. */
const LAST = 1000

export function createDrain(parts: DrainParts): Drain {
  let counts = { ran: 0, done: 0, retried: 0, dead: 0, postponed: 0 }
  let line: Promise<unknown> = Promise.resolve()
  let over = false

  return {
    drain(until, max, last = LAST) {
      const drained = line.then(() => run(until, max, last))
      line = drained.catch(() => {})
      return drained
    },
    ended(stored, started) {
      if (!started) return
      counts.ran++
      if (stored?.kind === 'done') counts.done++
      else if (stored?.kind === 'retry') counts.retried++
      else if (stored?.kind === 'dead') counts.dead++
      else if (stored?.kind === 'postpone') counts.postponed++
    },
    stop: () => void (over = true),
  }

  async function run(until: number, max: number, last: number): Promise<RunDueResult> {
    await parts.reclaim()
    counts = { ran: 0, done: 0, retried: 0, dead: 0, postponed: 0 }
    over = false
    const timers = [
      setTimeout(stop, timeTo(until - last)),
      // In the first half of the last `last` milliseconds, handlers can end by themselves. Then they get the abort
      // signal. The last quarter is for storing released tasks.
      setTimeout(parts.abort, timeTo(until - last / 2)),
      setTimeout(parts.giveBackRunning, timeTo(until - last / 4)),
    ]
    parts.limit(max)
    parts.allow(performance.now() < until - last)
    try {
      let before: number
      do {
        before = counts.ran
        parts.look()
        // The wait is limited, since it would never end if the store rejects outcomes.
        if (!(await settledBy(parts.idle(), until))) break
        // The loop repeats, since the outcomes of tasks may make more tasks ready.
      } while (!over && counts.ran > before && counts.ran < max)
    } finally {
      for (const timer of timers) clearTimeout(timer)
      parts.allow(false)
      parts.limit(Infinity)
    }
    return { ...counts, ...(await parts.rest()) }
  }

  function stop(): void {
    over = true
    parts.allow(false)
    parts.limit(0)
    parts.giveBackWaiting()
  }
}

interface ClosingParts extends Pick<DrainParts, 'idle' | 'abort' | 'giveBackRunning'> {
  /** Time for storing the released tasks, in milliseconds. */
  readonly margin: number
}

/**
 * Ends running tasks by `until`, a time of `performance.now()`. Handlers get the abort signal at half of the time left.
 * Tasks that still run near the end are released early enough to be stored. If `until` has passed, running tasks are
 * released immediately, and storing them may take `margin` milliseconds.
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
