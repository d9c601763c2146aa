import { MAX_TIMER } from '../../basics/duration.ts'

/**
 * The promise, or the error of `late` at a time (milliseconds since 1970). What the promise gives after that goes to
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

/** True if the promise settles, either way, before a time (milliseconds since 1970). It never rejects. */
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

/** Milliseconds to a time, as `setTimeout` takes them. */
export function timeTo(until: number): number {
  return Math.min(Math.max(until - Date.now(), 0), MAX_TIMER)
}
