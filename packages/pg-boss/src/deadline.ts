/**
 * The promise, or the error of `late` after a time in milliseconds. What the promise gives after that goes to `dispose`.
 */
export function within<T>(
  promise: Promise<T>,
  time: number,
  late: () => Error,
  dispose?: (value: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false
    const timer = setTimeout(
      () => {
        over = true
        reject(late())
      },
      Math.min(Math.max(time, 0), MAX_TIMER),
    )
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

/** Resolves with the work, or after a time in milliseconds without it. */
export function atMost(work: Promise<unknown>, time: number): Promise<void> {
  return within(work, time, () => new Error('late')).then(
    () => {},
    () => {},
  )
}

/** The longest wait setTimeout takes; a longer one fires at once. */
export const MAX_TIMER: number = 2 ** 31 - 1
