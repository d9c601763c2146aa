import { createSpacing } from '../../basics/deadline.ts'

/** To be called with the time when a run ended. */
export type KeyRun = (now: number) => void

/** The bounds of one key. */
export interface KeyBound {
  enter(now: number): KeyRun | number
  readonly isRunning: boolean
  /** True if a new bound in its place would decide the same. */
  isIdle(now: number): boolean
}

// Milliseconds by which starts may be late without loss to the rate: inboxes are not punctual.
const LATE = 100
// Tasks over a rate come back one by one at exact times, so far ahead; then at random.
const FAR = 600_000
// Nobody knows when a run ends: tasks over a concurrency look again within this time, at most once a second.
const NEAR = 60_000
const LOOK = 1000

/**
 * Makes the bound of one key. The rate is a virtual schedule (GCRA: ITU-T I.371): each start moves the time of the next
 * one by an interval. A rejected task is told the time that it then finds free, in order of rejection.
 */
export function createKeyBound({
  rate,
  concurrency = Infinity,
}: {
  readonly rate: number | undefined
  readonly concurrency: number | undefined
}): KeyBound {
  const interval = rate === undefined ? 0 : 1000 / rate
  const slack = rate === undefined ? 0 : Math.max(interval / 2, LATE)
  const spacing = createSpacing(rate === undefined ? NEAR : FAR)
  /** The oldest first. */
  const running = new Set<{ readonly since: number }>()
  let next = 0
  let told = 0

  return {
    enter(now) {
      // The clock was set back: no start is further away than an interval.
      if (next > now + interval) next = now
      return running.size < concurrency && now >= next ? start(now) : comeBack(now)
    },
    get isRunning() {
      return running.size > 0
    },
    isIdle: (now) => running.size === 0 && told <= now && next <= now - slack,
  }

  function start(now: number): KeyRun {
    const run = { since: now }
    running.add(run)
    next = Math.max(next, now - slack) + interval
    return (ended) => {
      running.delete(run)
      spacing.learn(Math.max(0, ended - now))
    }
  }

  function comeBack(now: number): number {
    const gap = Math.max(interval, lookGap(now), 1)
    const at = Math.ceil(spacing.turn(next > now ? next - gap : now, gap))
    told = Math.max(told, at)
    return at
  }

  /** Half the time from one free place to the next: a task that comes early looks again, and a free place is lost. */
  function lookGap(now: number): number {
    if (concurrency === Infinity) return 0
    const [oldest] = running
    return Math.min(LOOK, spacing.of(oldest ? now - oldest.since : 0) / concurrency / 2)
  }
}
