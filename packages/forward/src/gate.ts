import { Postpone } from '@postern/core'
import { createBreaker, type BreakerSettings, type Found } from './breaker.ts'
import { createPace } from './pace.ts'

/** Bounds of what goes on with one destination. */
export interface GateSettings extends BreakerSettings {
  /** Calls at once to one destination. */
  readonly concurrency: number
  readonly now: () => number
}

/** Leave to call a destination, to be given back. */
export interface Pass {
  /** Tells what the call found, and when the destination itself said to come again. */
  leave(found: Found, until?: number): void
}

/** The places of one subscription: attempts at once in this process. */
export interface Places {
  readonly total: number
  /** Those taken, by calls that go on and by tasks that wait for one. */
  held: number
}

/** One destination: how many calls go on, and whether it is to be left alone. */
export interface Gate {
  /** True while calls go on or wait. */
  readonly busy: boolean
  /** True while it is left alone. */
  readonly open: boolean
  /** Gives leave, now or in a moment. Throws or rejects with a {@link Postpone}. */
  enter(): Pass | Promise<Pass>
}

// A task waits here where its turn comes within this time; else it goes back to the inbox until about then.
const MOMENT = 250
// Tasks that come back as soon as a destination may be called again, to be its probe.
const SCOUTS = 3
// How much later than those the others come, at most.
const LATER = 30_000

/**
 * Makes the gate of one destination. Four rules, in their order: while it is left alone (see {@link createBreaker}),
 * nobody enters but its probe; it may hold no more places than are free, so that however many are slow, one that holds
 * none finds a place (the dynamic threshold of shared buffers: Choudhury and Hahne, https://doi.org/10.1109/90.664262);
 * it gets no more calls at once than its limit; who comes next may wait for a moment. Who cannot enter is told when to
 * come again, as fast as the destination works (see {@link createPace}), so that a backlog neither runs in circles nor
 * comes back as one wave.
 */
export function createGate(settings: GateSettings, places: Places): Gate {
  const { concurrency, now } = settings
  const breaker = createBreaker(settings)
  const pace = createPace()
  /** Calls that go on, the oldest first, and who waits for one of them to end. */
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
    return pace.of(oldest ? at - oldest.since : 0) / concurrency
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
          pace.learn(at - since)
          pace.restart()
        }
        if (breaker.state(at) === 'closed') admit(at)
        else sendAllAway(at)
      },
    }
  }

  function wait(): Promise<Pass> {
    return new Promise((enter, refuse) => {
      const timer = setTimeout(() => sendAway(waiter, now()), 2 * MOMENT)
      const waiter = { enter, refuse, timer }
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
    waiter.refuse(away(at))
  }

  function away(at: number): Postpone {
    let from = Math.max(at + MOMENT, breaker.until(at))
    // Each look at a task is a write. While the destination is down a few are enough, to probe it; for the others there
    // is no hurry: for as long again as it is left alone.
    if (breaker.state(at) === 'open' && scouts++ >= SCOUTS)
      from = Math.max(from, breaker.until(at) + Math.min(breaker.pause, LATER))
    const turn = pace.turn(from, callsApart(at))
    return new Postpone(Math.ceil(turn - at), 'the destination is busy or left alone for now')
  }
}

interface Waiting {
  readonly enter: (pass: Pass) => void
  readonly refuse: (reason: Postpone) => void
  readonly timer: ReturnType<typeof setTimeout>
}
