import type { RunDueResult, Outcome } from '../../inbox.ts'
import { settledBy, timeTo } from '../../../basics/deadline.ts'

/** What a drain needs of its runner. */
interface DrainParts {
  /** Frees tasks whose lease ended. */
  readonly reclaim: () => Promise<void>
  /** Lets this many more tasks be claimed, or any number. */
  readonly limit: (count: number) => void
  /** Allows claims while a drain runs. */
  readonly allow: (on: boolean) => void
  /** Claims what is ready. */
  readonly look: () => void
  /** Resolves when nothing is claimed, runs or waits to be stored. */
  readonly idle: () => Promise<void>
  /** Gives back what has not started. */
  readonly giveBackWaiting: () => void
  /** Aborts the signal of what runs. */
  readonly abort: () => void
  /** Gives back what runs. */
  readonly giveBackRunning: () => void
  /** Tasks that are due now, and when the next one is. */
  readonly rest: () => Promise<Pick<RunDueResult, 'left' | 'next'>>
}

/** Runs what is due, in a limited time. */
interface Drain {
  /** As `Port.drain`. Calls run one after another. */
  readonly drain: (until: number, max: number, last?: number) => Promise<RunDueResult>
  /** Counts a claim that is over, if it had started. */
  readonly ended: (stored: Outcome | undefined, started: boolean) => void
  /** Starts no more. */
  readonly stop: () => void
}

/** Milliseconds before the deadline in which nothing starts. */
const LAST = 1000

/** Makes the drain of a receiver. */
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
      // Handlers get half of the last time to end, and storing what is released a quarter.
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
        // A store that rejects outcomes would keep the drain waiting for ever.
        if (!(await settledBy(parts.idle(), until))) break
        // The outcomes of a round may make further tasks ready.
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
