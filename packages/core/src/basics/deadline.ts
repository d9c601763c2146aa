import { MAX_TIMER } from './duration.ts'

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
  return new Promise((resolve, reject) => {
    let over = false
    const timer = setTimeout(() => {
      over = true
      reject(late())
    }, timeTo(until))
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
