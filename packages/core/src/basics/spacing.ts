/** When runs that found no place come back, so that a backlog returns at its pace and not as one wave. In milliseconds. */
export interface Spacing {
  /** A run ended after that time. */
  learn(took: number): void
  /** How long a run takes: as those lately did, or as the oldest that still runs has by now. */
  of(oldest: number): number
  /** When the next run comes back, not before `from`: a gap after the one told before. */
  turn(from: number, gap: number): number
  /** No run waits for its turn any more. */
  restart(): void
}

// The assumed time of a run before the first one ended.
const FIRST = 50
// Weight of the last run in the mean.
const WEIGHT = 0.2

/**
 * Makes a {@link Spacing}. No run is put off by more than `spread` milliseconds after `from`.
 *
 * @example
 * const spacing = createSpacing()
 * spacing.learn(80)
 * const at = spacing.turn(Date.now(), spacing.of(0))
 */
export function createSpacing(spread = 30_000): Spacing {
  let mean: number | undefined
  let last = 0

  return {
    learn(took) {
      mean = mean === undefined ? took : mean + (took - mean) * WEIGHT
    },
    of: (oldest) => Math.max(mean ?? FIRST, oldest),
    turn(from, gap) {
      last = Math.max(last, from) + gap
      // Too far ahead: at random, so that these runs do not come back as one wave.
      if (last > from + spread) last = from + spread * (0.5 + Math.random() / 2)
      return last
    },
    restart() {
      last = 0
    },
  }
}
