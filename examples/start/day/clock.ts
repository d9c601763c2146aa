/** Simulated clock with a wall time and a monotonic time, both in milliseconds. */
export interface DayClock {
  readonly now: () => number
  readonly monotonic: () => number
  /** Advances the clock to `time`. Earlier times have no effect. */
  to(time: number): void
  /** Advances the clock by `duration`, as work does. */
  spend(duration: number): void
}

/** Creates a clock. `start` is in milliseconds since 1970. */
export function createDayClock(start: number): DayClock {
  let time = start
  return {
    now: () => time,
    monotonic: () => time - start,
    to: (next) => void (time = Math.max(time, next)),
    spend: (duration) => void (time += duration),
  }
}
