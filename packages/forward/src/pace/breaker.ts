/** When calls to a destination pause, and for how long, in milliseconds. */
export interface BreakerSettings {
  /** Failures in a row. */
  readonly failures: number
  /** The first pause; each failed probe doubles it, up to `maxPause`. */
  readonly pause: number
  readonly maxPause: number
}

/** The result of a call: `up`: the destination works; `down`: it does not; `unknown`: the call shows neither. */
export type CallResult = 'up' | 'down' | 'unknown'

/** A circuit breaker: whether a destination may be called, by how the last calls ended. Times are of one clock. */
interface Breaker {
  /** `closed`: call it; `half open`: one call is allowed, as the probe; `open`: do not call it. */
  state(at: number): 'closed' | 'half open' | 'open'
  /** The length of the next pause. */
  readonly pause: number
  /** The end of the pause, as far as it is known; in the past without a pause. */
  until(at: number): number
  /** The end of the last pause while the breaker is not closed; else undefined. */
  paused(at: number): number | undefined
  /** The probe begins: the breaker is open for all others until it has ended. */
  probe(): void
  /** A call ended; `until` is the time that the destination asked for. */
  learn(
    found: CallResult,
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
  // A time that the destination asked for holds even if calls that were already running then succeed.
  let askedUntil = 0

  return {
    state,
    get pause() {
      return pause
    },
    // The time of a probe is not known.
    until: (at) => Math.max(openUntil, askedUntil, probing ? at + pause : 0),
    paused: (at) =>
      failures >= settings.failures || askedUntil > at
        ? Math.max(openUntil, askedUntil)
        : undefined,
    probe() {
      probing = true
    },
    learn(found, { probe, until = 0 }, at) {
      // Calls that were running when the breaker opened end late, and show nothing new.
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
