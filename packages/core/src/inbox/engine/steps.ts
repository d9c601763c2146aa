import { isPromise, type MaybePromise } from '../../basics/maybe.ts'

/** A function in steps: `yield* wait(value)` gives a value that is there now or later. */
export type Steps<T> = Generator<unknown, T, never>

/** Waits for one value inside {@link steps}. */
export function* wait<T>(value: MaybePromise<T>): Generator<MaybePromise<T>, T, T> {
  return yield value
}

/** Runs the steps: at once if all values are there, so that one code serves synchronous and asynchronous stores. */
export function steps<T>(make: () => Steps<T>): MaybePromise<T> {
  const run = make()
  return go(() => run.next(undefined as never))

  function go(first: () => IteratorResult<unknown, T>): MaybePromise<T> {
    for (let step = first; ;) {
      const { done, value } = step()
      if (done === true) return value as T
      if (isPromise(value))
        return value.then(
          (settled) => go(() => run.next(settled as never)),
          (error: unknown) => go(() => run.throw(error)),
        )
      step = () => run.next(value as never)
    }
  }
}

/** Goes on with a value now or later; cheaper than {@link steps} on the hot path. */
export function chain<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value)
}
