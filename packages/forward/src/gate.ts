import { PostponeError } from '@postern/core'
import { createSpacing } from '@postern/core/engine'
import type { CallSettings } from './options.ts'

export type GateSettings = BreakerSettings & Pick<CallSettings, 'concurrency' | 'now'>

/** Permission to call a destination, valid until `leave` is called. */
export interface Pass {
  /**
   * Reports the result of the call. `until` is the end of the pause that the destination requested, in milliseconds
   * since 1970.
   */
  leave(found: CallResult, until?: number): void
}

/**
 * Limit of calls, which all destinations of one subscription share. Each running call occupies one place. Each task
 * that waits for its call also occupies one place.
 */
export interface Places {
  readonly total: number
  /** Number of places in use. */
  held: number
}

/** Gate of one destination, which decides when a task may call the destination. */
export interface CallGate {
  readonly busy: boolean
  /** True if the circuit breaker is open: no call is allowed. */
  readonly open: boolean
  /** End of the last pause, in milliseconds since 1970. Undefined once a call shows that the destination works. */
  readonly paused: number | undefined
  /**
   * Returns the permission to call, immediately or after a short wait. Throws or rejects with a {@link PostponeError}.
   */
  enter(): Pass | Promise<Pass>
}

// Maximum time that a task waits in this process for its call, in milliseconds. If the call will probably start later,
// the task is postponed: it returns to the inbox.
const MOMENT = 250
// Number of postponed tasks that return at the end of a pause, to probe the destination.
const SCOUTS = 3
// All other postponed tasks return one pause later, but at most this many milliseconds later.
const LATER = 30_000

/**
 * Creates the gate of one destination. Four rules apply, in this order. First, no task may call during a pause (see
 * {@link createBreaker}). After a pause, one call (the probe) shows whether the destination works again. Second, a
 * destination may not use more places than are free, so that an idle destination always finds a place. (This is the
 * dynamic threshold of shared buffers: Choudhury and Hahne, https://doi.org/10.1109/90.664262.) Third, a destination
 * gets at most `concurrency` parallel calls. Fourth, a task may wait briefly for one of these calls to end. All other
 * tasks are postponed. They return one by one, as fast as the destination answers (see {@link createSpacing}).
 */
export function createCallGate(settings: GateSettings, places: Places): CallGate {
  const { concurrency, now } = settings
  const breaker = createBreaker(settings)
  const spacing = createSpacing()
  /** Running calls, oldest first. `waiting` has the tasks that wait for one of these calls to end. */
  const running = new Set<{ readonly since: number }>()
  const waiting = new Set<Waiting>()
  let scouts = 0

  return {
    get busy() {
      return running.size + waiting.size > 0
    },
    get open() {
      return breaker.state(now()) === 'open'
    },
    get paused() {
      return breaker.paused(now())
    },
    enter() {
      const at = now()
      const state = breaker.state(at)
      if (state === 'open' || isOverShare()) throw away(at)
      if (state === 'half open') return probe(at)
      if (running.size < concurrency) return start(at)
      if ((waiting.size + 1) * callsApart(at) > MOMENT) throw away(at)
      return wait()
    },
  }

  function isOverShare(): boolean {
    return running.size + waiting.size >= Math.max(1, places.total - places.held)
  }

  /** Returns the expected time between the starts of two calls, in milliseconds. */
  function callsApart(at: number): number {
    const [oldest] = running
    return spacing.of(oldest ? at - oldest.since : 0) / concurrency
  }

  function probe(at: number): Pass {
    breaker.probe()
    scouts = 0
    return start(at, true)
  }

  function start(since: number, isProbe = false): Pass {
    const call = { since }
    running.add(call)
    places.held++
    return {
      leave(found, until) {
        if (!running.delete(call)) return
        places.held--
        const at = now()
        breaker.learn(found, { probe: isProbe, until }, at)
        if (found === 'down') scouts = 0
        if (found === 'up') {
          spacing.learn(at - since)
          spacing.restart()
        }
        if (breaker.state(at) === 'closed') admit(at)
        else sendAllAway(at)
      },
    }
  }

  function wait(): Promise<Pass> {
    return new Promise((enter, reject) => {
      const timer = setTimeout(() => sendAway(waiter, now()), 2 * MOMENT)
      const waiter = { enter, reject, timer }
      waiting.add(waiter)
      places.held++
    })
  }

  function stopWaiting(waiter: Waiting): void {
    waiting.delete(waiter)
    clearTimeout(waiter.timer)
    places.held--
  }

  function admit(at: number): void {
    for (const waiter of waiting) {
      if (running.size >= concurrency) return
      stopWaiting(waiter)
      waiter.enter(start(at))
    }
  }

  function sendAllAway(at: number): void {
    for (const waiter of waiting) sendAway(waiter, at)
  }

  function sendAway(waiter: Waiting, at: number): void {
    stopWaiting(waiter)
    waiter.reject(away(at))
  }

  function away(at: number): PostponeError {
    let from = Math.max(at + MOMENT, breaker.until(at))
    // Each postponed task costs a write to the inbox. While the destination is down, a few tasks are enough to probe
    // it. The others wait longer.
    if (breaker.state(at) === 'open' && scouts++ >= SCOUTS)
      from = Math.max(from, breaker.until(at) + Math.min(breaker.pause, LATER))
    // Postponed tasks return slightly faster than the destination answers. An early task waits for a moment, but a late
    // task leaves the destination idle.
    const turn = spacing.turn(from, 0.8 * callsApart(at))
    return new PostponeError(Math.ceil(turn - at), 'the destination is busy or paused')
  }
}

interface Waiting {
  readonly enter: (pass: Pass) => void
  readonly reject: (reason: PostponeError) => void
  readonly timer: ReturnType<typeof setTimeout>
}

type BreakerSettings = Pick<CallSettings, 'failures' | 'pause' | 'maxPause'>

/**
 * Result of a call: the destination works (`up`), does not work (`down`), or the call does not show which (`unknown`).
 */
export type CallResult = 'up' | 'down' | 'unknown'

/**
 * Creates a circuit breaker: it decides from the last results whether a destination may be called. All times are in
 * milliseconds since 1970.
 */
function createBreaker(settings: BreakerSettings) {
  let failures = 0
  let pause = settings.pause
  let openUntil = 0
  let probing = false
  // End of the pause that the destination requested with `Retry-After`. This pause applies even if other running calls
  // succeed.
  let askedUntil = 0

  return {
    state,
    /** Length of the next pause, in milliseconds. */
    get pause(): number {
      return pause
    },
    /**
     * Returns the estimated end of the pause. If calls do not pause, this time is in the past. While a probe runs, the
     * estimate assumes that the next pause starts now.
     */
    until: (at: number): number => Math.max(openUntil, askedUntil, probing ? at + pause : 0),
    /** Returns the end of the last pause; undefined if the breaker is closed. */
    paused: (at: number): number | undefined =>
      failures >= settings.failures || askedUntil > at
        ? Math.max(openUntil, askedUntil)
        : undefined,
    /** Records that the probe starts. Until the probe ends, no other call is allowed. */
    probe(): void {
      probing = true
    },
    /** Records the result of a call. `until` is the end of the pause that the destination requested. */
    learn(
      found: CallResult,
      { probe, until = 0 }: { readonly probe: boolean; readonly until: number | undefined },
      at: number,
    ): void {
      // A call that started before a pause and fails during the pause does not start another pause.
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

  /**
   * `closed`: calls are allowed. `half open`: one call is allowed, to probe the destination. `open`: no call is
   * allowed.
   */
  function state(at: number): 'closed' | 'half open' | 'open' {
    if (probing || Math.max(openUntil, askedUntil) > at) return 'open'
    return failures >= settings.failures ? 'half open' : 'closed'
  }
}
