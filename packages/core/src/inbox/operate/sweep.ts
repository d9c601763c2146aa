import type { MaybePromise } from '../../basics/maybe.ts'
import { unref } from '../../basics/unref.ts'

/** Removes expired rows in the background. */
export interface Sweep {
  /** Starts with the first round after a pause. */
  start(): void
  /** Starts no further step; resolves when the one that runs has ended. */
  stop(): Promise<void>
}

// Milliseconds between steps, and the longest and shortest time between rounds.
const REST = 20
const LONGEST = 600_000
const SHORTEST = 1000

/**
 * Makes a sweep. A round is a walk in small steps: `step` gets the place where the one before stopped (undefined first)
 * and gives the next one, or undefined at the end. Rounds come every hundredth of `keep` (milliseconds), from a second
 * to ten minutes. A step that fails ends its round: the disk may be full, and the next round tries again.
 */
export function createSweep<Place>(
  keep: number,
  step: (place: Place | undefined) => MaybePromise<Place | undefined>,
): Sweep {
  const pause = Math.min(LONGEST, Math.max(SHORTEST, keep / 100))
  let timer: ReturnType<typeof setTimeout> | undefined
  let running: Promise<void> | undefined
  let started = false
  let stopped = false

  return {
    start() {
      if (started || stopped) return
      started = true
      next(undefined, pause)
    },
    stop() {
      stopped = true
      clearTimeout(timer)
      return running ?? Promise.resolve()
    },
  }

  function next(place: Place | undefined, wait: number): void {
    if (stopped) return
    timer = setTimeout(() => void (running = take(place)), wait)
    // A process that has nothing else to do need not stay for this.
    unref(timer)
  }

  async function take(place: Place | undefined): Promise<void> {
    let found: Place | undefined
    try {
      found = await step(place)
    } catch {
      // Other users of the store report the error.
    }
    running = undefined
    next(found, found === undefined ? pause : REST)
  }
}
