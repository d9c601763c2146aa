import { PostponeError } from '@postern/core'
import { createSpacing } from '@postern/core/engine'

/** Bounds of the calls to one destination. */
export interface GateSettings extends BreakerSettings {
  /** Calls at once to one destination. */
  readonly concurrency: number
  readonly now: () => number
}

/** Permission to call a destination, to be released. */
export interface Pass {
  /** Reports the result of the call, and the time that the destination asked for. */
  leave(found: CallResult, until?: number): void
}

/** The places of one subscription: attempts at once in this process. */
export interface Places {
  readonly total: number
  /** Those taken, by calls that continue and by tasks that wait for one. */
  held: number
}

/** One destination: its running calls, and whether calls pause. */
export interface CallGate {
  /** True while calls run or wait. */
  readonly busy: boolean
  /** True while calls pause. */
  readonly open: boolean
  /** The end of the pause, until a call shows that the destination works; else undefined. */
  readonly paused: number | undefined
  /** Returns the permission, now or in a moment. Throws or rejects with a {@link PostponeError}. */
  enter(): Pass | Promise<Pass>
}

// A task waits here if its turn comes within this time; else it goes back to the inbox until about then.
const MOMENT = 250
// Tasks that come back as soon as a destination may be called again, to be its probe.
const SCOUTS = 3
// The others come later than those, by at most this time.
const LATER = 30_000

/**
 * Makes the gate of one destination. Four rules, in this order. While calls pause (see {@link createBreaker}), only the
 * probe enters. A destination holds at most as many places as are free: however many are slow, an idle one finds a place
 * (the dynamic threshold of shared buffers: Choudhury and Hahne, https://doi.org/10.1109/90.664262). It gets no more
 * calls at once than its limit. The next task may wait for a moment. A task that cannot enter is postponed by the
 * destination's pace (see {@link createSpacing}), so that a backlog neither runs in circles nor comes back as one wave.
 */
export function createCallGate(settings: GateSettings, places: Places): CallGate {
  const { concurrency, now } = settings
  const breaker = createBreaker(settings)
  const spacing = createSpacing()
  /** Running calls, the oldest first, and the tasks that wait for one of them to end. */
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

  /** Milliseconds from one free place to the next. */
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
    // Each postponed task is a write. While the destination is down a few tasks are enough to probe it; the others wait
    // for as long again as the pause.
    if (breaker.state(at) === 'open' && scouts++ >= SCOUTS)
      from = Math.max(from, breaker.until(at) + Math.min(breaker.pause, LATER))
    // Slightly faster than the destination: an early task only waits, but an unused place is lost.
    const turn = spacing.turn(from, 0.8 * callsApart(at))
    return new PostponeError(Math.ceil(turn - at), 'the destination is busy or paused')
  }
}

interface Waiting {
  readonly enter: (pass: Pass) => void
  readonly reject: (reason: PostponeError) => void
  readonly timer: ReturnType<typeof setTimeout>
}

/** When calls to a destination pause, and for how long, in milliseconds. */
interface BreakerSettings {
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
  /** The probe starts: the breaker is open for all others until it has ended. */
  probe(): void
  /** A call ended; `until` is the time that the destination asked for. */
  learn(
    found: CallResult,
    call: { readonly probe: boolean; readonly until?: number | undefined },
    at: number,
  ): void
}

/** Makes a breaker, closed. */
function createBreaker(settings: BreakerSettings): Breaker {
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
