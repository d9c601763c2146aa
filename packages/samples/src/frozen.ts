/** A clock that stands still until it is told to move. Give it to `createReceiver` as `now`. */
export interface FrozenClock {
  /** The time, in milliseconds since 1970. */
  (): number
  /** Moves the clock on, in milliseconds. */
  pass(milliseconds: number): void
  /** Sets the clock. */
  set(date: Date | string | number): void
}

/**
 * A clock that stands still at a date, so that a delivery that was signed then is neither stale nor from the future.
 *
 * @throws TypeError if the date cannot be read.
 * @example
 * const now = frozen('2026-01-31T08:00:00Z')
 * const receiver = createReceiver({ provider, now })
 * await deliver(receiver, await signed(provider, 'push', {}, { at: now() }))
 */
export function frozen(date: Date | string | number): FrozenClock {
  let time = timeOf(date)
  return Object.assign(() => time, {
    pass(milliseconds: number) {
      if (!Number.isFinite(milliseconds))
        throw new TypeError(`frozen: pass must get milliseconds, got ${milliseconds}`)
      time += milliseconds
    },
    set(next: Date | string | number) {
      time = timeOf(next)
    },
  })
}

function timeOf(date: Date | string | number): number {
  // `new Date(null)` is 1970.
  const time = date === null ? NaN : new Date(date).getTime()
  if (Number.isNaN(time))
    throw new TypeError(
      `frozen: date must be a Date, an ISO string or milliseconds since 1970, got ${String(date)}`,
    )
  return time
}
