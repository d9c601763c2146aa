import type { MaybePromise } from '../../../basics/maybe.ts'
import { unref } from '../../../basics/deadline.ts'

/** Removes expired rows in the background. */
export interface Sweep {
  /** Starts with the first round after a pause. */
  start(): void
  /** Starts no further step; resolves when those that run have ended. */
  stop(): Promise<void>
  /**
   * Some steps now, until a time on the clock of `performance.now()`, and at most as often as rounds come, or once a minute: a
   * drain ends with it, on a host without a permanent process. It never rejects, and continues where it stopped the last time.
   */
  once(until: number): Promise<void>
}

// Milliseconds between steps, and the longest and shortest time between rounds.
const REST = 20
const LONGEST = 600_000
const SHORTEST = 1000
// The longest time between two rounds of drains, in milliseconds, and steps of one.
const MINUTE = 60_000
const STEPS = 50

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
  let walking: Promise<void> | undefined
  let walked = -Infinity
  let place: Place | undefined
  let started = false
  let stopped = false

  return {
    start() {
      if (started || stopped) return
      started = true
      next(undefined, pause)
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await Promise.all([running, walking])
    },
    async once(until) {
      if (stopped || performance.now() - walked < Math.min(pause, MINUTE)) return
      walked = performance.now()
      await (walking = walk(until))
    },
  }

  async function walk(until: number): Promise<void> {
    for (let at = 0; at < STEPS && !stopped && performance.now() < until; at++) {
      place = await tried(place)
      if (place === undefined) return
    }
  }

  function next(from: Place | undefined, wait: number): void {
    if (stopped) return
    timer = setTimeout(() => void (running = take(from)), wait)
    // A process that has nothing else to do need not stay for this.
    unref(timer)
  }

  async function take(from: Place | undefined): Promise<void> {
    const found = await tried(from)
    running = undefined
    next(found, found === undefined ? pause : REST)
  }

  /** Of a step that fails, other users of the store report the error. */
  async function tried(from: Place | undefined): Promise<Place | undefined> {
    try {
      return await step(from)
    } catch {
      return undefined
    }
  }
}

/**
 * A step ahead of a store's clock that no monotonic clock saw: the machine's clock was set, or nobody was there. Nothing
 * ages by it but what is believed.
 */
export interface ClockStep {
  /** The clock after it. */
  readonly at: number
  /** Milliseconds of it by which nothing ages. */
  readonly unseen: number
  /** The same for guards: they age by nothing that no process has seen. */
  readonly unseenByGuards: number
}

/**
 * The time on a store's clock from which on something has aged by a span, with the steps of the clock left out.
 *
 * @example
 * const known = ago(now, days(4), steps, 'unseen')
 */
export function ago(
  now: number,
  span: number,
  steps: readonly ClockStep[],
  which: 'unseen' | 'unseenByGuards',
): number {
  let at = now
  let left = span
  for (const step of steps.toSorted((one, other) => other.at - one.at)) {
    const since = Math.max(0, at - step.at)
    if (since >= left) break
    left -= since
    at = Math.min(at, step.at) - step[which]
  }
  return at - left
}
