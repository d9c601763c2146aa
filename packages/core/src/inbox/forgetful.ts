/**
 * Values by key that are forgotten after some time. If there are more than `max` entries, the oldest entry of the
 * tenant with the most entries is dropped.
 */
export interface Forgetful<Value> {
  /** Returns the value of a key. Reading does not prolong how long the value is kept. */
  peek(key: string): Value | undefined
  /** Sets the value of a key, which counts as an entry of `tenant`. @default no tenant */
  set(key: string, value: Value, tenant?: string): void
  delete(key: string): void
  /** Returns all keys, oldest first. */
  keys(): readonly string[]
}

/** The entries of a tenant: a linked list of places in the ring, oldest first. */
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
 * Makes a {@link Forgetful}. `now` returns milliseconds. If an entry is dropped early because of `max`, `shortened` is
 * called, but at most once an hour. `shortened` gets the milliseconds that the entry had left, and the number of
 * tenants.
 */
// All entries are kept equally long, and reading does not prolong this time. So the entry that was set first is always
// the oldest, and a ring buffer in the order of setting is enough. An entry that is set again, deleted or dropped
// leaves a gap in the ring.
export function createForgetful<Value extends object | string>(
  { max, dedupeWindow: window }: { readonly max: number; readonly dedupeWindow: number },
  now: () => number,
  shortened: (left: number, tenants: number) => void,
): Forgetful<Value> {
  let ring = createRing<Value>(LEAST)
  let first = 0
  let used = 0
  let tellAgain = 0
  const tenants = new Map<string, Tenant>()
  // Tenants with the most entries come first. Of tenants with equal numbers, the tenant with the oldest entry comes
  // first.
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

  /** Removes the entry of a key, which leaves a gap in the ring. */
  function clear(key: string): void {
    const place = ring.places.find(key)
    if (place >= 0) empty(place)
  }

  function empty(place: number): void {
    unlink(place)
    ring.places.remove(place)
    ring.keys[place] = ring.values[place] = undefined
  }

  /** Makes room for an entry: drops an expired entry, or else the oldest entry of the tenant with the most entries. */
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

  /**
   * Returns the place of the oldest entry of the tenant with the most entries. `own` is the tenant of the new entry.
   * Its count does not include the new entry yet.
   */
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

  /** Updates a tenant's count and its position in the heap of tenants. A single tenant needs no update of the heap. */
  function counted(tenant: Tenant, count: number, oldest: number): void {
    const alone = tenant.heap !== undefined && most.items.length === 1 && count > 0
    if (!alone) tenant.heap?.remove(tenant)
    tenant.count = count
    tenant.first = oldest
    if (!alone && count > 0) most.push(tenant)
  }

  /**
   * Moves all entries into a new ring without gaps. The new ring has room for twice as many entries, but for at most a
   * quarter more than `max`.
   */
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
    /** Places of the previous (`before`) and next (`behind`) entry of the same tenant. */
    before: new Int32Array(length),
    behind: new Int32Array(length),
  }
}

function gaps<T>(length: number): (T | undefined)[] {
  const made: (T | undefined)[] = []
  made.length = length
  return made
}

/**
 * A hash table that finds the place of a key. `keyAt` returns the key at a place. The table mostly reads only one cache
 * line. A look-up in a Map of 100,000 ids would miss the CPU caches several times.
 */
function createPlaces(length: number, keyAt: (place: number) => string | undefined) {
  const slots = 2 ** Math.ceil(Math.log2(length * 2))
  const last = slots - 1
  // Two numbers per slot: the place plus one (0 means that the slot is empty), and the hash of the key.
  const table = new Uint32Array(slots * 2)
  const hashes = new Uint32Array(length)
  // The seed is random. With a known seed, a sender could choose ids that all fall into one slot.
  const seed = Math.floor(Math.random() * 2 ** 32)
  // The last hash is kept, since a key is mostly looked up and then added.
  let hashed = ''
  let hash = hashOf(hashed, seed)
  let size = 0

  return {
    /** Returns the place of a key, or -1 if the key is unknown. */
    find(key: string): number {
      look(key)
      for (let slot = hash & last; table[slot * 2] !== 0; slot = (slot + 1) & last) {
        const place = table[slot * 2]! - 1
        if (table[slot * 2 + 1] === hash && keyAt(place) === key) return place
      }
      return -1
    },
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

  /** Frees a slot of the hash table. Later entries that were pushed out of this slot move up. */
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

/** Returns a hash of 32 bits. Its low bits, which choose the slot, are distributed as well as the others. */
function hashOf(key: string, seed: number): number {
  let hash = seed
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x5bd1e995)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0x5bd1e995)
  return (hash ^ (hash >>> 15)) >>> 0
}

export interface Heaped<T extends Heaped<T>> {
  heap: Heap<T> | undefined
  spot: number
}

export class Heap<T extends Heaped<T>> {
  readonly items: T[] = []
  readonly #order: (one: T, other: T) => number

  constructor(order: (one: T, other: T) => number) {
    this.#order = order
  }

  push(item: T): void {
    item.heap = this
    this.#rise(item, this.items.length)
  }

  pop(): T | undefined {
    const [top] = this.items
    if (top) this.remove(top)
    return top
  }

  remove(item: T): void {
    const { items } = this
    const last = items.pop()!
    item.heap = undefined
    if (last === item) return
    const at = item.spot
    this.#rise(last, at)
    if (last.spot === at) this.#sink(last, at)
  }

  #rise(item: T, from: number): void {
    const { items } = this
    let at = from
    while (at > 0) {
      const up = (at - 1) >> 1
      if (this.#order(item, items[up]!) >= 0) break
      this.#put(items[up]!, at)
      at = up
    }
    this.#put(item, at)
  }

  #sink(item: T, from: number): void {
    const { items } = this
    let at = from
    for (let next = 2 * at + 1; next < items.length; next = 2 * at + 1) {
      if (next + 1 < items.length && this.#order(items[next + 1]!, items[next]!) < 0) next++
      if (this.#order(item, items[next]!) <= 0) break
      this.#put(items[next]!, at)
      at = next
    }
    this.#put(item, at)
  }

  #put(item: T, at: number): void {
    this.items[at] = item
    item.spot = at
  }
}
