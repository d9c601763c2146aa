/** When a destination is left alone, and for how long, in milliseconds. */
export interface BreakerSettings {
  /** Failures in a row. */
  readonly failures: number
  /** For how long at first; each probe that fails doubles it, up to `maxPause`. */
  readonly pause: number
  readonly maxPause: number
}

/** What a call found: `up`: it answered as one that is well; `down`: it did not; `unknown`: neither. */
export type Found = 'up' | 'down' | 'unknown'

/** A circuit breaker: whether a destination may be called, by how the last calls ended. Times are of one clock. */
export interface Breaker {
  /** `closed`: call it; `half open`: one may, as its probe; `open`: leave it alone. */
  state(at: number): 'closed' | 'half open' | 'open'
  /** The pause there would be now. */
  readonly pause: number
  /** Until when it is left alone, as far as is known; in the past if it is not. */
  until(at: number): number
  /** The probe begins: the breaker is open for all others until it has ended. */
  probe(): void
  /** A call ended; `until` is when the destination itself said to come again. */
  learn(
    found: Found,
    call: { readonly probe: boolean; readonly until?: number | undefined },
    at: number,
  ): void
}

/** Makes a breaker, closed. */
export function createBreaker(settings: BreakerSettings): Breaker {
  let failures = 0
  let pause = settings.pause
  let openUntil = 0
  let probing = false
  // What it asked for itself holds even if calls that were under way then are answered well.
  let askedUntil = 0

  return {
    state,
    get pause() {
      return pause
    },
    // How long a probe takes nobody knows.
    until: (at) => Math.max(openUntil, askedUntil, probing ? at + pause : 0),
    probe() {
      probing = true
    },
    learn(found, { probe, until = 0 }, at) {
      // Calls that were under way when it opened end late, and say nothing new.
      const late = !probe && state(at) === 'open'
      if (probe) probing = false
      askedUntil = Math.max(askedUntil, until)
      if (found === 'up') {
        failures = 0
        pause = settings.pause
        openUntil = 0
      }
      if (found === 'down' && ++failures >= settings.failures && !late) {
        openUntil = at + pause
        pause = Math.min(pause * 2, settings.maxPause)
      }
    },
  }

  function state(at: number): ReturnType<Breaker['state']> {
    if (probing || Math.max(openUntil, askedUntil) > at) return 'open'
    return failures >= settings.failures ? 'half open' : 'closed'
  }
}
