/**
 * The promise, or the error of `late` at a time of `performance.now()`. What the promise gives after that goes to
 * `dispose`.
 */
export function within<T>(
  promise: Promise<T>,
  until: number,
  late: () => Error,
  dispose?: (value: T) => void,
): Promise<T> {
  return inTime(promise, timeTo(until), late, dispose)
}

/** As {@link within}, with a limit in milliseconds. */
export function inTime<T>(
  promise: Promise<T>,
  limit: number,
  late: () => Error,
  dispose?: (value: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false
    const timer = setTimeout(() => {
      over = true
      reject(late())
    }, limit)
    promise.then(
      (value) => {
        clearTimeout(timer)
        if (over) dispose?.(value)
        else resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error as Error)
      },
    )
  })
}

/** True if the promise settles, either way, before a time of `performance.now()`. It never rejects. */
export function settledBy(promise: Promise<unknown>, until: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeTo(until))
    const settled = (): void => {
      clearTimeout(timer)
      resolve(true)
    }
    promise.then(settled, settled)
  })
}

/** Milliseconds to a time of `performance.now()`, as `setTimeout` takes them. */
export function timeTo(until: number): number {
  return Math.min(Math.max(until - performance.now(), 0), MAX_TIMER)
}

/**
 * A time in milliseconds since 1970 as one of `performance.now()`: from here on a step of the wall clock does not move it.
 *
 * @example
 * const close = async (until: number) => void (await settledBy(idle(), toMonotonic(until)))
 */
export function toMonotonic(until: number): number {
  return until - Date.now() + performance.now()
}

/** A time of `performance.now()` in milliseconds since 1970, by the wall clock as it is now. */
export function toWall(until: number): number {
  return until - performance.now() + Date.now()
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds as a number, or a string such as `500ms`, `30s`, `5m`, `2h`, `4d`. */
export type Duration = number | `${number}${keyof typeof UNITS}`

/** The longest wait `setTimeout` takes, in milliseconds; a longer one fires at once. */
export const MAX_TIMER: number = 2 ** 31 - 1

/** Milliseconds of a {@link Duration}. Throws a `TypeError` that names the option if the value is not a duration. */
export function milliseconds(value: Duration, option: string): number {
  if (typeof value === 'number' && value >= 0 && value < Infinity) return value
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value) : null
  if (!match) {
    throw new TypeError(
      `${option} must be milliseconds or a string such as '30s', '5m' or '4d', got ${JSON.stringify(value)}`,
    )
  }
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]
}

/** Runs a function in the event loop's next round; where there is no `setImmediate` (browsers), by a timer of 0 ms. */
export function soon(act: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(act)
  else setTimeout(act, 0)
}

const { process } = globalThis as { process?: { nextTick?: (act: () => void) => void } }
const nextTick = process?.nextTick
const NOW: Promise<void> = Promise.resolve()

/**
 * Runs a function once the replies to the current requests have gone out, as far as this process can know: adapters write
 * them in promise jobs, and a tick asked for by one of these comes when all of them are done. Without ticks it is
 * {@link soon}. https://nodejs.org/learn/asynchronous-work/event-loop-timers-and-nexttick
 */
export function afterReplies(act: () => void): void {
  if (nextTick) void NOW.then(() => nextTick(act))
  else soon(act)
}

/** The event loop's next round. */
export function nextRound(): Promise<void> {
  return new Promise((resolve) => soon(resolve))
}

/** Runs a function by a timer of 0 ms. Workers allow no timer outside of a request: there it is not run. */
export function outsideRequests(act: () => void): void {
  try {
    setTimeout(act)
  } catch {
    // The first delivery does it.
  }
}

/** When runs that found no place come back, so that a backlog returns at its pace and not as one wave. In milliseconds. */
interface Spacing {
  /** A run ended after that time. */
  learn(took: number): void
  /** How long a run takes: as those lately did, or as the oldest that still runs has by now. */
  of(oldest: number): number
  /** When the next run comes back, not before `from`: a gap after the one told before. */
  turn(from: number, gap: number): number
  /** No run waits for its turn any more. */
  restart(): void
}

// The assumed time of a run before the first one ended.
const FIRST = 50
// Weight of the last run in the mean.
const WEIGHT = 0.2

/**
 * Makes a {@link Spacing}. No run is put off by more than `spread` milliseconds after `from`.
 *
 * @example
 * const spacing = createSpacing()
 * spacing.learn(80)
 * const at = spacing.turn(Date.now(), spacing.of(0))
 */
export function createSpacing(spread = 30_000): Spacing {
  let mean: number | undefined
  let last = 0

  return {
    learn(took) {
      mean = mean === undefined ? took : mean + (took - mean) * WEIGHT
    },
    of: (oldest) => Math.max(mean ?? FIRST, oldest),
    turn(from, gap) {
      last = Math.max(last, from) + gap
      // Too far ahead: at random, so that these runs do not come back as one wave.
      if (last > from + spread) last = from + spread * (0.5 + Math.random() / 2)
      return last
    },
    restart() {
      last = 0
    },
  }
}

/** A timer that does not keep the process alive, where timers can be told so: on Node.js, Bun and Deno. */
export function unref<Timer>(timer: Timer): Timer {
  ;(timer as { unref?: () => void }).unref?.()
  return timer
}

/** Milliseconds of a `Retry-After` (RFC 9110, 10.2.3): seconds, or a date. Undefined for any other value. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? ''
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000
  // An HTTP date names its day; Date.parse alone takes far more than dates. Of its three forms (5.6.7), asctime's names no
  // zone and is in UTC.
  const date = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)
    ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
    : NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
