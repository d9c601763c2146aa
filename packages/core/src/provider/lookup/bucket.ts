import { WebhookError } from '../../errors.ts'

/** Bounds of the look-ups that strangers can cause. */
export interface BucketOptions {
  /** Look-ups a minute, in bursts of as many. @default 30 */
  readonly perMinute?: number | undefined
  /** Look-ups at the same time. @default 4 */
  readonly atOnce?: number | undefined
}

/** Bounds look-ups in number and in time. */
export interface LookupBucket {
  /** Runs a look-up if there is room; else throws `secret_unavailable` (503) at once, so that the sender tries again. */
  run<Value>(now: number, ask: () => Promise<Value>): Promise<Value>
  /** Counts a look-up that begins, and returns a function to call when it has ended. Throws as `run` does. */
  enter(now: number): () => void
}

const MINUTE = 60_000

/**
 * A bucket that refills evenly. `now` is in milliseconds since 1970.
 *
 * @example const key = await bucket({ perMinute: 10 }).run(now, () => api.key(kid))
 */
export function bucket({ perMinute = 30, atOnce = 4 }: BucketOptions = {}): LookupBucket {
  let left = perMinute
  let filled = Number.NEGATIVE_INFINITY
  let running = 0
  return {
    enter,
    async run(now, ask) {
      const leave = enter(now)
      try {
        return await ask()
      } finally {
        leave()
      }
    },
  }

  function enter(now: number): () => void {
    // A clock that went back fills nothing and must not stop the filling.
    const passed = Math.max(0, now - filled)
    left = Math.min(perMinute, left + (passed * perMinute) / MINUTE)
    filled = now
    if (left < 1 || running >= atOnce)
      throw new WebhookError(
        'secret_unavailable',
        { problem: 'look_up_bounded' },
        { retryAfter: 5 },
      )
    left--
    running++
    return () => void running--
  }
}
