/** A clock that a script sets: the wall clock and the one that measures, both in milliseconds. */
export interface DayClock {
  readonly now: () => number
  readonly monotonic: () => number
  /** Moves on to that time, never back. */
  to(time: number): void
  /** Lets time pass, as work does. */
  spend(duration: number): void
}

/** Makes one that begins at `start`, in milliseconds since 1970. */
export function createDayClock(start: number): DayClock {
  let time = start
  return {
    now: () => time,
    monotonic: () => time - start,
    to: (next) => void (time = Math.max(time, next)),
    spend: (duration) => void (time += duration),
  }
}
