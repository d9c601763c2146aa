/** The pace of a destination, which decides when postponed tasks come again. In milliseconds. */
export interface Pace {
  /** A call was answered after this time. */
  learn(took: number): void
  /** The time of a call: that of recent calls, or of the oldest running call so far. */
  of(oldest: number): number
  /** The time for the next task that cannot run before `from`: behind those postponed before, each by a part of a call. */
  turn(from: number, part: number): number
  /** No task waits for a turn any more. */
  restart(): void
}

// The assumed time of a call before the first answer.
const FIRST = 50
// Weight of the last call in the mean.
const WEIGHT = 0.2
// The longest time by which a task is postponed.
const SPREAD = 30_000

/** Makes the pace of a destination. */
export function createPace(): Pace {
  let mean: number | undefined
  let last = 0

  return {
    learn(took) {
      mean = mean === undefined ? took : mean + (took - mean) * WEIGHT
    },
    of: (oldest) => Math.max(mean ?? FIRST, oldest),
    turn(from, part) {
      // Slightly faster than the destination: an early task only waits, but an unused place is lost.
      last = Math.max(last, from) + 0.8 * part
      // If that is too far ahead, at a random time, so that tasks do not come as one wave.
      if (last > from + SPREAD) last = from + SPREAD * (0.5 + Math.random() / 2)
      return last
    },
    restart() {
      last = 0
    },
  }
}
