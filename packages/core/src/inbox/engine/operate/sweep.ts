import type { MaybePromise } from '../../../basics/maybe.ts'
import { unref } from '../../../basics/deadline.ts'

/** Removes expired rows in the background. */
export interface Sweep {
  /** Starts to remove rows. The first round starts after one pause. */
  start(): void
  /** Stops before the next step. Resolves when running steps have ended. */
  stop(): Promise<void>
  /**
   * Runs steps until `until`, a time of `performance.now()`, and continues where the last call stopped. After a call,
   * further calls do nothing for a minute, or for one pause if a pause is shorter. Called at the end of `runDue` and of
   * a burst (see `Port.burst`), for platforms without a permanent process. Ignores errors of a step.
   */
  once(until: number): Promise<void>
}

// Time between two steps, and the longest and shortest time between two rounds, in milliseconds.
const REST = 20
const LONGEST = 600_000
const SHORTEST = 1000
// Limits of `once`. MINUTE is the longest time for which further calls do nothing, in milliseconds. STEPS is the
// maximum number of steps per call.
const MINUTE = 60_000
const STEPS = 50

/**
 * Makes a sweep, which runs `step` in the background, in rounds. `step` gets the place where the previous step stopped,
 * and returns the next place. The place is undefined at the start and at the end of a round. The pause between two
 * rounds is a hundredth of `keep` (milliseconds), from one second to ten minutes. A failed step ends its round.
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
    unref(timer)
  }

  async function take(from: Place | undefined): Promise<void> {
    const found = await tried(from)
    running = undefined
    next(found, found === undefined ? pause : REST)
  }

  /** Runs one step. Ignores an error, since other users of the store report it. */
  async function tried(from: Place | undefined): Promise<Place | undefined> {
    try {
      return await step(from)
    } catch {
      return undefined
    }
  }
}

/**
 * A jump of a store's clock to a later time. No process has measured how much time really passed. So only a part of the
 * jump counts toward the age of rows.
 */
export interface ClockStep {
  /** The time of the clock just after the jump, in milliseconds since 1970. */
  readonly at: number
  /** Part of the jump that does not count toward the age of rows, in milliseconds. */
  readonly unseen: number
  /** Milliseconds of the jump that do not count toward the age of guards (keys that only one event may hold). */
  readonly unseenByGuards: number
}

/**
 * Returns the time on a store's clock before which rows are older than `span` milliseconds. Jumps of the clock do not
 * count toward a row's age.
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
