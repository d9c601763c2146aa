import { Postpone } from '@postern/core'

/** Bounds of what goes on with one destination, in milliseconds. */
export interface GateSettings {
  /** Calls at once to one destination. */
  readonly concurrency: number
  /** Failures in a row after which a destination is left alone. */
  readonly failures: number
  /** For how long at first; each probe that fails doubles it, up to `maxPause`. */
  readonly pause: number
  readonly maxPause: number
  readonly now: () => number
}

/** Leave to call a destination, to be given back. */
export interface Pass {
  /** `up`: it answered as one that is well; `down`: it did not, and is to be left alone until then; `unknown`: neither. */
  leave(found: 'up' | 'down' | 'unknown', until?: number): void
}

/** The places of one subscription: attempts at once in this process. */
export interface Places {
  readonly total: number
  /** Those taken, by calls that go on and by tasks that wait for one. */
  held: number
}

/** One destination: how many calls go on, and whether it is to be left alone. */
export interface Gate {
  /** True where nothing would be lost by forgetting it. */
  readonly idle: boolean
  /** True while it is left alone. */
  readonly open: boolean
  /** Gives leave, now or in a moment. Throws or rejects with a {@link Postpone}. */
  enter(): Pass | Promise<Pass>
}

// A task waits here where its turn comes within this time; else it goes back to the inbox until about then.
const MOMENT = 250
// Nothing is put off by more than this beyond the time from which the destination may be called.
const SPREAD = 30_000
// How long a call is taken to last before the first one that succeeded.
const FIRST_PACE = 50
// Tasks that come back as soon as a destination may be called again, to be its probe.
const SCOUTS = 3
// Weight of the last call in the mean.
const WEIGHT = 0.2

/**
 * Makes the gate of one destination: a limit on calls at once, and a circuit breaker that lets one probe through when
 * its pause is over. Who cannot enter is told when to come again, one after another as fast as the destination has
 * shown to work, so that a backlog neither runs in circles nor comes back as one wave.
 *
 * A destination may hold no more places than are free, so that however many are slow, one that holds none finds a
 * place: the dynamic threshold of shared buffers (Choudhury and Hahne, https://doi.org/10.1109/90.664262).
 */
export function createGate(settings: GateSettings, places: Places): Gate {
  const { concurrency, now } = settings
  const running = new Set<{ readonly since: number }>()
  const waiting: Waiting[] = []
  let failures = 0
  let closedUntil = 0
  let probing = false
  let pause = settings.pause
  let pace = FIRST_PACE
  let measured = false
  let next = 0
  let scouts = 0

  return {
    get idle() {
      return running.size + waiting.length === 0 && failures === 0 && closedUntil <= now()
    },
    get open() {
      return closedUntil > now() || probing
    },
    enter() {
      const at = now()
      const room = Math.max(1, places.total - places.held)
      if (closedUntil > at || running.size + waiting.length >= room) throw postponed(at)
      if (failures >= settings.failures) {
        // Half open: this one is the probe, and nobody else enters before it has ended.
        if (probing) throw postponed(at)
        probing = true
        scouts = 0
        closedUntil = at + pause
        places.held++
        return start(at, true)
      }
      if (running.size < concurrency) {
        places.held++
        return start(at, false)
      }
      if (turn(at) > MOMENT) throw postponed(at)
      places.held++
      return new Promise((enter, refuse) => {
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(waiter), 1)
          places.held--
          refuse(postponed(now()))
        }, 2 * MOMENT)
        const waiter = { enter, refuse, timer }
        waiting.push(waiter)
      })
    },
  }

  /** When the turn of one more would come, in milliseconds. */
  function turn(at: number): number {
    return ((waiting.length + 1) * paceOf(at)) / concurrency
  }

  /** How long a call takes, in milliseconds: as those lately did, or as the oldest has by now. */
  function paceOf(at: number): number {
    const [oldest] = running
    return Math.max(pace, oldest ? at - oldest.since : 0)
  }

  function start(since: number, probe: boolean): Pass {
    const call = { since }
    running.add(call)
    return {
      leave(found, until) {
        if (!running.delete(call)) return
        places.held--
        if (probe) probing = false
        const at = now()
        if (found === 'up') recover(at - since)
        else if (found === 'down') fail(at, probe, until)
        else if (probe) closedUntil = at
        if (closedUntil > at) refuseAll(at)
        else admit(at)
      },
    }
  }

  function recover(took: number): void {
    pace = measured ? pace + (took - pace) * WEIGHT : took
    measured = true
    failures = 0
    pause = settings.pause
    closedUntil = 0
    next = 0
  }

  function fail(at: number, probe: boolean, until: number | undefined): void {
    failures++
    if (failures >= settings.failures && (probe || (closedUntil <= at && !probing))) {
      closedUntil = at + pause
      pause = Math.min(pause * 2, settings.maxPause)
    }
    scouts = 0
    if (until !== undefined) closedUntil = Math.max(closedUntil, until)
  }

  function admit(at: number): void {
    while (waiting.length > 0 && running.size < concurrency) {
      const { enter, timer } = waiting.shift()!
      clearTimeout(timer)
      enter(start(at, false))
    }
  }

  function refuseAll(at: number): void {
    for (const { refuse, timer } of waiting.splice(0)) {
      clearTimeout(timer)
      places.held--
      refuse(postponed(at))
    }
  }

  function postponed(at: number): Postpone {
    const ends = Math.max(closedUntil, probing ? at + pause : 0)
    // The first of those who wait for its end are the probe; for the others there is no hurry while it is down: as long
    // as it was left alone lately, since each look at a task is a write.
    const idle = ends > at && scouts++ >= SCOUTS ? Math.min(pause, SPREAD) : 0
    const from = Math.max(at + MOMENT, ends + idle)
    // Somewhat faster than it works, since who is early only waits and a place nobody takes is lost.
    next = Math.max(next, from) + (0.8 * paceOf(at)) / concurrency
    if (next > from + SPREAD) next = from + SPREAD * (0.5 + Math.random() / 2)
    return new Postpone(Math.ceil(next - at), 'the destination is busy or left alone for now')
  }
}

interface Waiting {
  readonly enter: (pass: Pass) => void
  readonly refuse: (reason: Postpone) => void
  readonly timer: ReturnType<typeof setTimeout>
}
