/** Hashes of the keys of the last events, by number of the event. They are in typed arrays: no objects to collect. */
export interface FreshKeys {
  /** Number of the first event it has room for. */
  readonly first: number
  /** How many events it spans. */
  readonly size: number
  /** Sets the key of an event, even if its number was given before and rolled back. */
  add(event: number, hash: number): void
  /** Events that may have the key; undefined without any. */
  candidates(hash: number): number[] | undefined
  /** Forgets an event and those after it: they were rolled back. */
  cut(event: number): void
  /** The keys of the events after this one. */
  after(event: number): FreshKeys
  /** Hashes in the order of the index, so that neighbors come together and a page is written once for many. */
  sort(): SortedKeys
}

/** Keys to be added to the index, in its order. */
export interface SortedKeys {
  readonly first: number
  /** The last event whose key is in it. */
  readonly last: number
  readonly length: number
  /** Hashes, each with the distance of its event from the first: `hash * DISTANCE + distance`. */
  readonly entries: Float64Array
}

/** A number holds 53 bits exactly: the hash takes the upper 32, the distance the lower 21. */
export const DISTANCE: number = 2 ** 21

/** Makes an empty one for events from a number on. */
export function createFreshKeys(first: number): FreshKeys {
  let hashes = new Uint32Array(1024)
  // Open addressing: distance of an event from the first and one more, 0 if there is none.
  let slots = new Int32Array(4096)
  let used = 0
  let size = 0

  return {
    first,
    get size() {
      return size
    },
    add,
    candidates,
    cut(event) {
      size = Math.min(size, Math.max(event - first, 0))
    },
    after(event) {
      const rest = createFreshKeys(Math.max(event + 1, first))
      for (let at = rest.first - first; at < size; at++) rest.add(first + at, hashes[at]!)
      return rest
    },
    sort() {
      const entries = new Float64Array(size)
      for (let at = 0; at < size; at++) entries[at] = hashes[at]! * DISTANCE + at
      return { first, last: first + size - 1, length: size, entries: entries.sort() }
    },
  }

  function add(event: number, hash: number): void {
    const at = event - first
    if (at >= hashes.length || used * 2 >= slots.length) grow(at)
    hashes[at] = hash
    if (at >= size) size = at + 1
    place(at, hash)
  }

  function candidates(hash: number): number[] | undefined {
    let found: number[] | undefined
    for (let slot = slotOf(hash); slots[slot] !== 0; slot = next(slot)) {
      const at = slots[slot]! - 1
      // A slot may be left from a key that was rolled back.
      if (at < size && hashes[at] === hash) (found ??= []).push(first + at)
    }
    return found
  }

  function place(at: number, hash: number): void {
    let slot = slotOf(hash)
    while (slots[slot] !== 0) slot = next(slot)
    slots[slot] = at + 1
    used++
  }

  /** Makes room, or only drops what is left of keys that were rolled back. */
  function grow(at: number): void {
    if (at >= hashes.length) {
      const before = hashes
      hashes = new Uint32Array(2 ** Math.ceil(Math.log2(at + 1)))
      hashes.set(before)
    }
    slots = new Int32Array(hashes.length * 4)
    used = 0
    for (let each = 0; each < size; each++) place(each, hashes[each]!)
  }

  function slotOf(hash: number): number {
    return hash & (slots.length - 1)
  }

  function next(slot: number): number {
    return (slot + 1) & (slots.length - 1)
  }
}
