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

/** A value on the way: its members are assigned one by one. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Items by their key, in the order in which keys came. */
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
