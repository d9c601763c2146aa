import { PostponeError } from '@postern/core'
import { createSpacing } from '@postern/core/engine'
import type { CallSettings } from './options.ts'

export type GateSettings = BreakerSettings & Pick<CallSettings, 'concurrency' | 'now'>

/** Permission to call a destination. Release it with `leave`. */
export interface Pass {
  /** Reports the result of the call, and until when the destination asked to wait. */
  leave(found: CallResult, until?: number): void
}

/** Places of one subscription: the parallel attempts in this process. */
export interface Places {
  readonly total: number
  /** Places in use by running calls and by tasks that wait for a call. */
  held: number
}

/** Gate of one destination: its running calls, and whether calls pause. */
export interface CallGate {
  readonly busy: boolean
  readonly open: boolean
  /** End of the pause; undefined once a call shows that the destination works. */
  readonly paused: number | undefined
  /** Returns the permission, immediately or shortly after. Throws or rejects with a {@link PostponeError}. */
  enter(): Pass | Promise<Pass>
}

// Milliseconds. A task waits here if its turn comes within this time. Otherwise it returns to the inbox until about
// then.
const MOMENT = 250
// Number of tasks that return at the end of the pause, to probe the destination.
const SCOUTS = 3
// Maximum extra delay of all other tasks, in milliseconds.
const LATER = 30_000

/**
 * Creates the gate of one destination. Four rules apply, in this order. First, while calls pause (see
 * {@link createBreaker}), only the probe enters. Second, a destination holds at most as many places as are free, so
 * that an idle one always finds a place. This is the dynamic threshold of shared buffers: Choudhury and Hahne,
 * https://doi.org/10.1109/90.664262. Third, it gets at most `concurrency` parallel calls. Fourth, the next task may
 * wait a moment. A rejected task is postponed at the destination's pace (see {@link createSpacing}), so that a backlog
 * neither circles nor returns as one wave.
 */
export function createCallGate(settings: GateSettings, places: Places): CallGate {
  const { concurrency, now } = settings
  const breaker = createBreaker(settings)
  const spacing = createSpacing()
  /** Running calls, oldest first, and the tasks that wait for one of them to end. */
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

  /** Returns the expected time between two free places, in milliseconds. */
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
    // Each postponed task is a write. A few tasks are enough to probe a destination that is down; the others wait twice
    // as long.
    if (breaker.state(at) === 'open' && scouts++ >= SCOUTS)
      from = Math.max(from, breaker.until(at) + Math.min(breaker.pause, LATER))
    // Slightly faster than the destination: an early task only waits, but an unused place is wasted.
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

/** Result of a call. `up`: the destination works. `down`: it does not. `unknown`: the call shows neither. */
export type CallResult = 'up' | 'down' | 'unknown'

/** Circuit breaker: decides from the last results whether a destination may be called. All times are of one clock. */
function createBreaker(settings: BreakerSettings): {
  /** `closed`: calls are allowed. `half open`: one call is allowed, as the probe. `open`: no calls. */
  state(at: number): 'closed' | 'half open' | 'open'
  /** Length of the next pause. */
  readonly pause: number
  /** Returns the estimated end of the pause; a time in the past if calls do not pause. */
  until(at: number): number
  /** Returns the end of the last pause; undefined if the breaker is closed. */
  paused(at: number): number | undefined
  /** Starts the probe. The breaker is open for all other calls until it ends. */
  probe(): void
  /** Reports a result; `until` is the time that the destination asked for. */
  learn(found: CallResult, call: { probe: boolean; until: number | undefined }, at: number): void
} {
  let failures = 0
  let pause = settings.pause
  let openUntil = 0
  let probing = false
  // A requested time applies even if other running calls succeed.
  let askedUntil = 0

  return {
    state,
    get pause() {
      return pause
    },
    // The length of a probe is unknown.
    until: (at) => Math.max(openUntil, askedUntil, probing ? at + pause : 0),
    paused: (at) =>
      failures >= settings.failures || askedUntil > at
        ? Math.max(openUntil, askedUntil)
        : undefined,
    probe() {
      probing = true
    },
    learn(found, { probe, until = 0 }, at) {
      // Calls that started before the breaker opened end late and show nothing new.
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

  function state(at: number): 'closed' | 'half open' | 'open' {
    if (probing || Math.max(openUntil, askedUntil) > at) return 'open'
    return failures >= settings.failures ? 'half open' : 'closed'
  }
}
