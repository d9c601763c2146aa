/** A value, or a promise of it. Frequently called functions avoid the promise if they can: awaiting costs time. */
export type MaybePromise<T> = T | Promise<T>

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}

export type Writable<T> = { -readonly [K in keyof T]: T[K] }

export function grouped<Key, Item>(
  items: Iterable<Item>,
  keyOf: (item: Item) => Key,
): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

/**
 * The type of a generator for {@link steps}. In the generator, write `yield* wait(value)` instead of `await value`.
 */
export type Steps<T> = Generator<unknown, T, never>

export function* wait<T>(value: MaybePromise<T>): Generator<MaybePromise<T>, T, T> {
  return yield value
}

/**
 * Runs a generator, synchronously if no value is a promise. So the same code serves synchronous and asynchronous
 * stores.
 */
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

/**
 * Calls `next` with a value that may be a promise. Costs less than {@link steps}, so functions that run often use it.
 */
export function chain<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value)
}
