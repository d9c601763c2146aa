import type { Database } from '../driver/driver.ts'
import { NEXT } from '../sql/tasks.ts'

/**
 * The keys of known events.
 *
 * Keys arrive in no order, so adding each key to the index immediately would write a page for each event. Instead, the
 * keys of the last events stay in memory. Later, many are sorted and added to the index together, so that they share
 * pages. After a restart, the keys of events with numbers above `indexed` are read again from the rows of these events.
 * Call all methods except `lookUp`, `stored` and `forget` in a transaction.
 */
export interface Keys {
  /** Returns the hash of a key, for `find` and `add`. The hash differs from file to file. */
  hash(receiver: number, key: string): number
  /** Returns the event numbers of those keys that are known. Writes nothing. */
  lookUp(keys: readonly (readonly [receiver: number, key: string])[]): readonly number[]
  find(hash: number, receiver: number, key: string): number | undefined
  /** Returns true if the open transaction has added events. */
  adds(): boolean
  /** Adds a new event and returns its number. No number is used twice, so newer events have higher numbers. */
  add(hash: number): number
  /** Indexes a part of the keys in memory. Called before the commit. */
  store(): void
  /** Keeps what the transaction added. Called after the commit. */
  stored(): void
  /** Drops what the transaction added. Called after a rollback. */
  forget(): void
}

/** Thrown if numbers in the file are lower than before: the open file was restored to an earlier state. */
export class PutBack extends Error {}

// Maximum number of keys in memory at which indexing starts. While these keys are indexed, the same number of new keys
// may arrive.
const FRESH = 16_384
// Number of keys that a transaction indexes: the higher of LEAST and PACE times the number of keys that the transaction
// adds. So indexing is faster than new keys arrive.
const LEAST = 32
const PACE = 2

/**
 * Indexing starts at a random number of keys in memory, between half of `most` and `most`. If `most` is 0, each key is
 * indexed immediately.
 */
export function createKeys(db: Database, most: number = FRESH): Keys {
  const numbers = db.prepare(`SELECT ${NEXT} AS next, indexed, seed FROM postern_numbers`)
  const since = db.prepare('SELECT id, receiver, key FROM postern_events WHERE id > ? ORDER BY id')
  const same = db.prepare('SELECT 1 FROM postern_events WHERE id = ? AND receiver = ? AND key = ?')
  const setIndexed = db.prepare('UPDATE postern_numbers SET indexed = ?')
  const index = createKeyIndex(db)
  let seen: unknown
  let seed = 0
  // The number is random, so that not all processes index the same keys at the same time.
  const enough = Math.floor(most * (0.5 + Math.random() / 2))
  let fresh = createFreshKeys(1)
  // `run` has the keys that are being indexed. `reached` is the number of keys that are indexed so far, and `kept` is
  // this number at the last commit.
  let run: (SortedKeys & { readonly known: FreshKeys }) | undefined
  let reached = 0
  let kept = 0
  let indexed = 0
  let next = 1
  let committed = 1
  let current = false
  const atOnce = most === 0

  return {
    hash(receiver, key) {
      refresh()
      return hashOf(seed, receiver, key)
    },
    lookUp(wanted) {
      // In a snapshot, all reads see one state of the file.
      try {
        return db.snapshot(() => {
          refresh()
          return wanted.flatMap(
            ([receiver, key]) => find(hashOf(seed, receiver, key), receiver, key) ?? [],
          )
        })
      } finally {
        current = false
      }
    },
    find,
    adds: () => next !== committed,
    add(hash) {
      if (atOnce) index.put(hash, next)
      else fresh.add(next, hash)
      return next++
    },
    store() {
      if (!current || !run) return
      reached = Math.min(run.length, kept + Math.max(LEAST, PACE * (next - committed)))
      index.add(run, kept, reached)
      if (reached === run.length) setIndexed.run(run.last)
    },
    stored() {
      committed = next
      kept = reached
      current = false
      if (run && kept === run.length) {
        indexed = run.last
        run = undefined
        reached = kept = 0
      }
      if (run || atOnce || fresh.size < enough) return
      run = { ...fresh.sort(), known: fresh }
      fresh = createFreshKeys(next)
    },
    forget() {
      fresh.cut(committed)
      next = committed
      reached = kept
      current = false
    },
  }

  function find(hash: number, receiver: number, key: string): number | undefined {
    return (
      among(fresh, hash, receiver, key) ??
      (run && among(run.known, hash, receiver, key)) ??
      (atOnce || indexed > 0 ? index.find(hash, receiver, key) : undefined)
    )
  }

  /**
   * Returns the event with this key, if there is one. Two keys can have the same hash, and events in memory may have
   * been pruned or rolled back. So the row of each event is checked.
   */
  function among(keys: FreshKeys, hash: number, receiver: number, key: string): number | undefined {
    const events = keys.candidates(hash)
    return events?.find((event) => same.get(event, receiver, key) !== undefined)
  }

  /** Reads the events that other connections added, once in each transaction. */
  function refresh(): void {
    if (current) return
    current = true
    const now = db.version()
    if (now === seen) return
    const row = numbers.get() as { next: number; indexed: number; seed: number }
    if (row.next < next || row.indexed < indexed) throw new PutBack()
    seed = row.seed
    if (row.indexed > indexed) drop(row.indexed)
    const from = Math.max(next - 1, indexed)
    if (!atOnce)
      for (const { id, receiver, key } of since.all(from) as KeyRow[])
        fresh.add(id, hashOf(seed, receiver, key))
    next = committed = row.next
    seen = now
  }

  /** Drops the keys of events up to `last`, since another process has indexed them. */
  function drop(last: number): void {
    indexed = last
    if (run && run.last <= last) {
      run = undefined
      reached = kept = 0
    }
    fresh = fresh.after(last)
  }
}

interface KeyRow {
  readonly id: number
  readonly receiver: number
  readonly key: string
}

/** The index of keys in the file. Use it in a transaction. */
interface KeyIndex {
  find(hash: number, receiver: number, key: string): number | undefined
  put(hash: number, event: number): void
  /** Adds keys of a run (the keys that are being indexed), from position `from` to `to`. */
  add(run: SortedKeys, from: number, to: number): void
  /** Checks the next `count` entries, and drops those whose events are gone. */
  sweep(count: number): void
}

/**
 * The index has hashes of keys, since keys are long. An entry may remain when its event is gone, so `find` also reads
 * the row of the event.
 */
export function createKeyIndex(db: Database): KeyIndex {
  const find = db.prepare(
    `SELECT e.id FROM postern_keys k CROSS JOIN postern_events e ON e.id = k.event
     WHERE k.hash = ? AND e.receiver = ? AND e.key = ?`,
  )
  const add = db.prepare(
    `INSERT OR IGNORE INTO postern_keys (hash, event)
     SELECT value / ${DISTANCE}, ? + value % ${DISTANCE} FROM json_each(?)`,
  )
  const put = db.prepare('INSERT INTO postern_keys (hash, event) VALUES (?, ?)')
  const ahead = db.prepare(
    'SELECT hash FROM postern_keys WHERE hash > ? ORDER BY hash LIMIT 1 OFFSET ?',
  )
  const clean = db.prepare(
    `DELETE FROM postern_keys WHERE hash > ? AND hash <= ?
     AND NOT EXISTS (SELECT 1 FROM postern_events e WHERE e.id = postern_keys.event)`,
  )
  let swept = -1

  return {
    find: (hash, receiver, key) =>
      (find.get(hash, receiver, key) as { id: number } | undefined)?.id,
    put: (hash, event) => void put.run(hash, event),
    add({ entries, first }, from, to) {
      add.run(first, `[${entries.subarray(from, to).join()}]`)
    },
    sweep(count) {
      const row = ahead.get(swept, count - 1) as { hash: number } | undefined
      clean.run(swept, row?.hash ?? 2 ** 32)
      swept = row?.hash ?? -1
    },
  }
}

/** The random seed of a file keeps attackers from preparing keys with the same hash. */
function hashOf(seed: number, receiver: number, key: string): number {
  let hash = Math.imul(seed ^ receiver, 0x9e3779b1)
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}

/** Hashes of the last events' keys, in typed arrays, so that the garbage collector has no objects to scan. */
interface FreshKeys {
  readonly first: number
  /** Number of events, from the first to the last. */
  readonly size: number
  /** Sets the hash of an event's key. Another event, which was rolled back, may have had the same number before. */
  add(event: number, hash: number): void
  /** Returns the numbers of events whose keys have this hash, or undefined if there are none. */
  candidates(hash: number): number[] | undefined
  /** Drops an event and all later events after a rollback. */
  cut(event: number): void
  after(event: number): FreshKeys
  sort(): SortedKeys
}

/** Keys sorted as in the index, so that each page is written once for many keys. */
interface SortedKeys {
  readonly first: number
  readonly last: number
  readonly length: number
  /** `hash * DISTANCE + distance` for each key. The distance is the number of its event minus the first number. */
  readonly entries: Float64Array
}

// A number has 53 bits: the hash is in the upper 32 bits, the distance in the lower 21.
const DISTANCE = 2 ** 21

/** The numbers of events start at `first`. */
function createFreshKeys(first: number): FreshKeys {
  let hashes = new Uint32Array(1024)
  // A hash table with open addressing. A slot has the distance of an event from the first event plus 1, or 0 if the
  // slot is free.
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
      // Slots of keys that were rolled back remain in the table, so they are skipped here.
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

  /** Enlarges the arrays if they are full. Otherwise only removes slots of keys that were rolled back. */
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
