import { MAX_TIMER } from '../../../basics/deadline.ts'

interface Alarm {
  /** Rings at that time, or at the earliest of several. */
  at(time: number): void
  /** Sets the timer again, or rings if its time has come. */
  wake(): void
  /** Cancels all times. */
  clear(): void
}

/** Makes a single timer that calls `ring` at the earliest time. `now` returns milliseconds since 1970. */
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
        // A timer can end a millisecond early on this clock, and has a maximum length. It rings also if the clock does
        // not move.
        if (early > 0 && early < left) return wait()
        next = Infinity
        ring()
      },
      Math.min(Math.ceil(left), MAX_TIMER),
    )
  }
}
