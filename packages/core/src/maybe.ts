/** A value now or later. Functions of the hot path give the value itself where they can: a promise costs a tick. */
export type MaybePromise<T> = T | Promise<T>

/** True where there is something to wait for. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}
