import { MAX_TIMER } from '../../../basics/deadline.ts'

interface Alarm {
  /** Sets a time at which the alarm rings. Of several times, only the earliest counts. */
  at(time: number): void
  /** Sets the timer again, or rings if the time has passed. */
  wake(): void
  clear(): void
}

/** Makes an alarm with a single timer. `now` returns milliseconds since 1970. */
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
        // A timer may end early: it has a maximum length, and may be a millisecond early on this clock. Then the timer
        // is set again. If the clock has not moved, the alarm rings anyway.
        if (early > 0 && early < left) return wait()
        next = Infinity
        ring()
      },
      Math.min(Math.ceil(left), MAX_TIMER),
    )
  }
}
