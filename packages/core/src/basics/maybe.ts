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
