/** A value, or a promise of it. Functions of the hot path return the value itself if they can: a promise costs a tick. */
export type MaybePromise<T> = T | Promise<T>

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}

/** The type with writable members, for values whose members are assigned one after another. */
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

/** A function for {@link steps}: `yield* wait(value)` returns a value that may be a promise. */
export type Steps<T> = Generator<unknown, T, never>

/** Waits for one value in {@link steps}. */
export function* wait<T>(value: MaybePromise<T>): Generator<MaybePromise<T>, T, T> {
  return yield value
}

/** Runs the steps. It is synchronous if no value is a promise, so that synchronous and asynchronous stores share the code. */
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

/** Continues with a value that may be a promise; cheaper than {@link steps} on the hot path. */
export function chain<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value)
}
