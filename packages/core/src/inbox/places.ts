/** Where keys stand in a list: numbers below its length. */
interface KeyPlaces {
  /** The place of a key, or -1. */
  find(key: string): number
  /** A key that is not there stands at this place. */
  add(key: string, place: number): void
  /** What stands at this place does so no more. */
  remove(place: number): void
  /** How many keys there are. */
  size(): number
}

/** Makes the places of a list of this length. `keyAt` gives the key that stands at a place. */
// By hand: a Map of 100,000 ids is looked up where the CPU's caches have none of it, in its table and in the strings that
// share a slot, and the one that goes is looked up once more by its string. Here a look reads one line of memory.
export function createPlaces(
  length: number,
  keyAt: (place: number) => string | undefined,
): KeyPlaces {
  const slots = 2 ** Math.ceil(Math.log2(length * 2))
  const last = slots - 1
  // Two numbers for each slot: the place and one, so that 0 is none, and the hash of its key.
  const table = new Uint32Array(slots * 2)
  const hashes = new Uint32Array(length)
  // Another one for each list: a sender that knows it could choose ids that all meet at one slot.
  const seed = Math.floor(Math.random() * 2 ** 32)
  // A key is mostly looked up and then added.
  let hashed = ''
  let hash = hashOf(hashed, seed)
  let size = 0

  return {
    find(key) {
      look(key)
      for (let slot = hash & last; table[slot * 2] !== 0; slot = (slot + 1) & last) {
        const place = table[slot * 2]! - 1
        if (table[slot * 2 + 1] === hash && keyAt(place) === key) return place
      }
      return -1
    },
    add(key, place) {
      look(key)
      let slot = hash & last
      while (table[slot * 2] !== 0) slot = (slot + 1) & last
      table[slot * 2] = place + 1
      table[slot * 2 + 1] = hash
      hashes[place] = hash
      size++
    },
    remove(place) {
      let slot = hashes[place]! & last
      while (table[slot * 2] !== place + 1) slot = (slot + 1) & last
      close(slot)
      size--
    },
    size: () => size,
  }

  function look(key: string): void {
    if (key === hashed) return
    hashed = key
    hash = hashOf(key, seed)
  }

  /** Frees a slot, and moves up those that had to go past it. */
  function close(free: number): void {
    for (let slot = (free + 1) & last; table[slot * 2] !== 0; slot = (slot + 1) & last) {
      const own = table[slot * 2 + 1]! & last
      if (((slot - own) & last) < ((slot - free) & last)) continue
      table[free * 2] = table[slot * 2]!
      table[free * 2 + 1] = table[slot * 2 + 1]!
      free = slot
    }
    table[free * 2] = 0
  }
}

/** A hash of 32 bits, of which those at the end are as good as the others. */
function hashOf(key: string, seed: number): number {
  let hash = seed
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x5bd1e995)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0x5bd1e995)
  return (hash ^ (hash >>> 15)) >>> 0
}
