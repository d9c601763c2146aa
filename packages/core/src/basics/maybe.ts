/** A value now or later. Functions of the hot path return the value itself if they can: a promise costs a tick. */
export type MaybePromise<T> = T | Promise<T>

/** True if the value is a promise. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}
