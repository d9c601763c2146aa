/**
 * Returns a promise that settles like `promise`. If `promise` is still pending at `until`, a time of
 * `performance.now()`, the returned promise rejects with the result of `late()`. If `promise` resolves after that,
 * `dispose` is called with the value.
 */
export function within<T>(
  promise: Promise<T>,
  until: number,
  late: () => Error,
  dispose?: (value: T) => void,
): Promise<T> {
  return inTime(promise, timeTo(until), late, dispose)
}

/** Works as {@link within}, with a limit in milliseconds. */
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

/** Resolves to true if the promise settles before `until`, a time of `performance.now()`, else to false. */
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

/** Returns the milliseconds until a time of `performance.now()`, within the limits of `setTimeout`. */
export function timeTo(until: number): number {
  return Math.min(Math.max(until - performance.now(), 0), MAX_TIMER)
}

/**
 * Converts a time in milliseconds since 1970 to a time of `performance.now()`. Later changes of the wall clock do not
 * move the result.
 */
export function toMonotonic(until: number): number {
  return until - Date.now() + performance.now()
}

/** Converts a time of `performance.now()` to milliseconds since 1970, by the current wall clock. */
export function toWall(until: number): number {
  return until - performance.now() + Date.now()
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A duration: a number of milliseconds, or a string such as `500ms`, `30s`, `5m`, `2h`, `4d`. */
export type Duration = number | `${number}${keyof typeof UNITS}`

/** The longest wait of `setTimeout`, in milliseconds; a timer with a longer wait fires immediately. */
export const MAX_TIMER: number = 2 ** 31 - 1

/** Converts a {@link Duration} to milliseconds. Throws a `TypeError` that names the option. */
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

/**
 * Runs a function in the next round of the event loop. Browsers have no `setImmediate`, so they use a timer of 0 ms.
 */
export function soon(act: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(act)
  else setTimeout(act, 0)
}

const { process } = globalThis as { process?: { nextTick?: (act: () => void) => void } }
const nextTick = process?.nextTick
const NOW: Promise<void> = Promise.resolve()

/**
 * Runs a function once no promise job waits. Adapters reply in promise jobs, so most replies to current requests are
 * sent first. Without `process.nextTick`, works as {@link soon}.
 * https://nodejs.org/learn/asynchronous-work/event-loop-timers-and-nexttick
 */
export function afterReplies(act: () => void): void {
  if (nextTick) void NOW.then(() => nextTick(act))
  else soon(act)
}

export function nextRound(): Promise<void> {
  return new Promise((resolve) => soon(resolve))
}

/**
 * Runs a function with a timer of 0 ms. On Workers, timers are allowed only during a request, so a call outside of a
 * request does nothing.
 */
export function outsideRequests(act: () => void): void {
  try {
    setTimeout(act)
  } catch {
    // Workers throw outside of a request.
  }
}

/**
 * Calculates when waiting tasks try again to run. The tries are spread over time, at the pace at which other runs end.
 * All times are in milliseconds.
 */
interface Spacing {
  learn(took: number): void
  /**
   * Returns the expected duration of a run: the mean of recent runs, or `oldest` if that is longer. `oldest` is the
   * duration of the oldest current run until now.
   */
  of(oldest: number): number
  /** Returns the time of the next try: `gap` after `from`, or after the previous result if that is later. */
  turn(from: number, gap: number): number
  restart(): void
}

// Assumed duration of a run until the first run has ended, in milliseconds.
const FIRST = 50
const WEIGHT = 0.2

/** Creates a {@link Spacing}. No try is later than `spread` milliseconds after `from`. */
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
      // A try after more than `spread` milliseconds gets a random time in the second half of `spread`. So these tries
      // do not all happen at the same time.
      if (last > from + spread) last = from + spread * (0.5 + Math.random() / 2)
      return last
    },
    restart() {
      last = 0
    },
  }
}

/** Stops a timer from keeping the process alive on Node.js, Bun and Deno. Returns the timer. */
export function unref<Timer>(timer: Timer): Timer {
  ;(timer as { unref?: () => void }).unref?.()
  return timer
}

/**
 * Returns the wait of a `Retry-After` header in milliseconds (RFC 9110, 10.2.3). Returns undefined if the value is
 * neither seconds nor a date.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? ''
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000
  // Date.parse accepts more than HTTP dates, but only HTTP dates start with a weekday. Of the three forms of HTTP dates
  // (RFC 9110, 5.6.7), the asctime form has no zone and is in UTC.
  const date = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)
    ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
    : NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
