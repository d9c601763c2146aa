/** How fast a destination works, and so when those it has no place for are to come again. In milliseconds. */
export interface Pace {
  /** A call was answered after that time. */
  learn(took: number): void
  /** How long a call takes: as those lately did, or as the oldest under way has by now. */
  of(oldest: number): number
  /** When the next one is to come that cannot before `from`: after those told before, each after a part of a call. */
  turn(from: number, part: number): number
  /** Nobody is waiting for a turn any more. */
  restart(): void
}

// How long a call is taken to last before the first one that was answered.
const FIRST = 50
// Weight of the last call in the mean.
const WEIGHT = 0.2
// Nobody is put off by more than this.
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
      // Somewhat faster than it works, since who is early only waits and a place nobody takes is lost.
      last = Math.max(last, from) + 0.8 * part
      // Where that is too far ahead, at random, so that they do not come as one wave.
      if (last > from + SPREAD) last = from + SPREAD * (0.5 + Math.random() / 2)
      return last
    },
    restart() {
      last = 0
    },
  }
}
