import { MAX_TIMER } from '../../../basics/deadline.ts'

/** One timer, for whatever is due next. */
interface Alarm {
  /** Rings at that time on the clock of {@link createAlarm}, or at an earlier one that was asked for. */
  at(time: number): void
  /** Sets its timer again, or rings if its time has come. */
  wake(): void
  /** Forgets what was asked for. */
  clear(): void
}

/** Makes an alarm that calls `ring` once for each earliest time. `now` gives milliseconds since 1970. */
export function createAlarm(ring: () => void, now: () => number): Alarm {
  let timer: ReturnType<typeof setTimeout> | undefined
  let next = Infinity

  return {
    at(time) {
      if (time >= next) return
      next = time
      wait()
    },
    wake() {
      if (next > now()) return next < Infinity ? wait() : undefined
      clear()
      ring()
    },
    clear,
  }

  function clear(): void {
    clearTimeout(timer)
    next = Infinity
  }

  function wait(): void {
    clearTimeout(timer)
    const left = Math.max(next - now(), 0)
    timer = setTimeout(
      () => {
        const early = next - now()
        // A timer can end a millisecond early on this clock, and takes no longer wait than its longest. A clock that stands still rings.
        if (early > 0 && early < left) return wait()
        next = Infinity
        ring()
      },
      Math.min(Math.ceil(left), MAX_TIMER),
    )
  }
}
