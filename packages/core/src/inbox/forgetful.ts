import { Heap, type Heaped } from '../basics/heap.ts'

/** How much is remembered. */
interface Memory {
  /** Entries. */
  readonly max: number
  /** Milliseconds for which an entry is known after it was set. */
  readonly dedupeWindow: number
}

/**
 * Values by key for a window. Beyond a count the oldest entry of the tenant with most is dropped: who is within their
 * share, the count divided by the tenants, loses nothing because of another.
 */
export interface Forgetful<Value> {
  /** The value. A look does not make its key recent. */
  peek(key: string): Value | undefined
  /** @param tenant whose it is @default nobody's */
  set(key: string, value: Value, tenant?: string): void
  delete(key: string): void
  /** All keys that are held, the oldest first. */
  keys(): readonly string[]
}

/** The entries of a tenant: a chain of places, the oldest first. */
interface Tenant extends Heaped<Tenant> {
  readonly name: string
  count: number
  first: number
  last: number
}

const LEAST = 16
const HOUR = 3_600_000
const NONE = -1

/**
 * Makes a {@link Forgetful}. `now` gives the time in milliseconds; `shortened` hears, at most once an hour, how many milliseconds an entry had
 * left that `max` pushed out, and how many tenants there are.
 */
// All live for the same time and no look makes one recent, so the oldest is the first that was set: a ring in the order of
// setting. What was set again or deleted, or dropped from among others, leaves a gap in it.
export function createForgetful<Value extends object | string>(
  { max, dedupeWindow: window }: Memory,
  now: () => number,
  shortened: (left: number, tenants: number) => void,
): Forgetful<Value> {
  let ring = createRing<Value>(LEAST)
  let first = 0
  let used = 0
  let tellAgain = 0
  const tenants = new Map<string, Tenant>()
  // The one with most comes first, and of several the one whose oldest entry is the oldest.
  const most = new Heap<Tenant>(
    (a, b) => b.count - a.count || ring.times[a.first]! - ring.times[b.first]!,
  )

  return {
    peek(key) {
      const place = ring.places.find(key)
      return place < 0 || now() - ring.times[place]! > window ? undefined : ring.values[place]
    },
    set(key, value, tenant = '') {
      const at = now()
      clear(key)
      if (ring.places.size() === max) push(at, tenant)
      if (used === ring.keys.length) renew()
      let place = first + used++
      if (place >= ring.keys.length) place -= ring.keys.length
      ring.keys[place] = key
      ring.values[place] = value
      ring.times[place] = at
      ring.places.add(key, place)
      link(place, tenant)
    },
    delete: clear,
    keys() {
      const found: string[] = []
      for (let at = 0; at < used; at++) {
        const key = ring.keys[(first + at) % ring.keys.length]
        if (key !== undefined) found.push(key)
      }
      return found
    },
  }

  /** Leaves a gap where the key stands. */
  function clear(key: string): void {
    const place = ring.places.find(key)
    if (place >= 0) empty(place)
  }

  function empty(place: number): void {
    unlink(place)
    ring.places.remove(place)
    ring.keys[place] = ring.values[place] = undefined
  }

  /** Drops one for another of a tenant: what is over, else the oldest of the tenant that would have most. */
  function push(at: number, tenant: string): void {
    while (ring.keys[first] === undefined) skip()
    const own = tenants.get(tenant)
    const sharers = tenants.size + (own ? 0 : 1)
    const over = ring.times[first]! + window < at
    const place = over ? first : oldestOf(own)
    const left = ring.times[place]! + window - at
    empty(place)
    if (place === first) skip()
    if (left <= 0 || at < tellAgain) return
    tellAgain = at + HOUR
    shortened(left, sharers)
  }

  /** The oldest entry of the tenant with most, once this one has another. */
  function oldestOf(own: Tenant | undefined): number {
    const top = most.items[0]!
    if (!own || own.count + 1 < top.count) return top.first
    const isFirst = own.count + 1 > top.count || ring.times[own.first]! < ring.times[top.first]!
    return isFirst ? own.first : top.first
  }

  function skip(): void {
    first = first + 1 === ring.keys.length ? 0 : first + 1
    used--
  }

  /** Puts a place at the end of its tenant's chain. */
  function link(place: number, name: string): void {
    let tenant = tenants.get(name)
    if (!tenant) {
      tenant = { name, count: 0, first: place, last: NONE, heap: undefined, spot: 0 }
      tenants.set(name, tenant)
    }
    ring.tenants[place] = tenant
    ring.before[place] = tenant.last
    ring.behind[place] = NONE
    if (tenant.last !== NONE) ring.behind[tenant.last] = place
    tenant.last = place
    counted(tenant, tenant.count + 1, tenant.first)
  }

  function unlink(place: number): void {
    const tenant = ring.tenants[place]!
    const before = ring.before[place]!
    const behind = ring.behind[place]!
    ring.tenants[place] = undefined
    if (before !== NONE) ring.behind[before] = behind
    if (behind === NONE) tenant.last = before
    else ring.before[behind] = before
    counted(tenant, tenant.count - 1, before === NONE ? behind : tenant.first)
    if (tenant.count === 0) tenants.delete(tenant.name)
  }

  /** Keeps the order of tenants: of one alone there is none. */
  function counted(tenant: Tenant, count: number, oldest: number): void {
    const alone = tenant.heap !== undefined && most.items.length === 1 && count > 0
    if (!alone) tenant.heap?.remove(tenant)
    tenant.count = count
    tenant.first = oldest
    if (!alone && count > 0) most.push(tenant)
  }

  /** Takes the gaps out, into a ring with room for as many again, or for a quarter more once `max` is near. */
  function renew(): void {
    const size = ring.places.size()
    const old = ring
    const from = first
    const count = used
    ring = createRing(Math.max(LEAST, Math.min(size * 2, max + (max >> 2))))
    first = used = 0
    for (const tenant of tenants.values()) tenant.last = NONE
    for (let at = 0; at < count; at++) {
      const place = (from + at) % old.keys.length
      const key = old.keys[place]
      if (key === undefined) continue
      const tenant = old.tenants[place]!
      ring.keys[used] = key
      ring.values[used] = old.values[place]
      ring.times[used] = old.times[place]!
      ring.places.add(key, used)
      ring.tenants[used] = tenant
      ring.before[used] = tenant.last
      ring.behind[used] = NONE
      if (tenant.last === NONE) tenant.first = used
      else ring.behind[tenant.last] = used
      tenant.last = used++
    }
  }
}

function createRing<Value>(length: number) {
  const keys = gaps<string>(length)
  return {
    keys,
    values: gaps<Value>(length),
    times: new Float64Array(length),
    places: createPlaces(length, (place) => keys[place]),
    tenants: gaps<Tenant>(length),
    /** Places of the entries before and behind, of the same tenant. */
    before: new Int32Array(length),
    behind: new Int32Array(length),
  }
}

function gaps<T>(length: number): (T | undefined)[] {
  const made: (T | undefined)[] = []
  made.length = length
  return made
}

/** The places of keys in a list of this length. `keyAt` returns the key at a place. */
// By hand: a Map of 100,000 ids is looked up where the CPU's caches have none of it, in its table and in the strings that
// share a slot, and the one that goes is looked up once more by its string. Here a look reads one line of memory.
function createPlaces(length: number, keyAt: (place: number) => string | undefined) {
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
    /** The place of a key, or -1. */
    find(key: string): number {
      look(key)
      for (let slot = hash & last; table[slot * 2] !== 0; slot = (slot + 1) & last) {
        const place = table[slot * 2]! - 1
        if (table[slot * 2 + 1] === hash && keyAt(place) === key) return place
      }
      return -1
    },
    /** Adds a key that has no place yet. */
    add(key: string, place: number): void {
      look(key)
      let slot = hash & last
      while (table[slot * 2] !== 0) slot = (slot + 1) & last
      table[slot * 2] = place + 1
      table[slot * 2 + 1] = hash
      hashes[place] = hash
      size++
    },
    remove(place: number): void {
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
