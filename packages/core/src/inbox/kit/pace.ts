/** How fast tasks end, for the `Retry-After` of a full inbox. */
export interface Pace {
  /** A task has ended. */
  ended(): void
  /** Seconds until that many tasks have ended, between 5 and 300; 5 before any pace is known. */
  secondsFor(tasks: number): number
}

const LEAST = 5
const MOST = 300
// Milliseconds over which a pace is measured at least.
const SPAN = 1000

/**
 * Makes it. `now` gives milliseconds since 1970.
 *
 * @example
 * const pace = createPace(() => consumer.now())
 * throw new WebhookError('inbox_full', reason, { retryAfter: pace.secondsFor(1000) })
 */
export function createPace(now: () => number): Pace {
  let count = 0
  let since = now()
  // Tasks a millisecond.
  let rate: number | undefined

  return {
    ended: () => void count++,
    secondsFor(tasks) {
      const time = now() - since
      if (time >= SPAN) {
        rate = count / time
        count = 0
        since += time
      }
      if (rate === undefined) return LEAST
      const wait = Math.ceil(tasks / rate / 1000)
      return Math.min(MOST, Math.max(LEAST, wait))
    },
  }
}
