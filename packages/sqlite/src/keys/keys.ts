import type { Database } from '../driver/driver.ts'
import { NEXT } from '../sql/tasks.ts'
import { createFreshKeys, type FreshKeys, type SortedKeys, DISTANCE } from './fresh-keys.ts'

/**
 * The known events. Keys have no order, so an index on them would write a page for each event. Instead the keys of the
 * last events stay in memory and go into the index sorted, many to a page. They can be read again at any time from the
 * events after `indexed`. Call all methods but `stored` and `forget` inside a transaction.
 */
export interface Keys {
  /** Hash of a key in this file, for the calls that follow. */
  hash(receiver: number, key: string): number
  /** Numbers of the known events among keys of receivers, outside a transaction. Only reads. */
  lookUp(keys: readonly (readonly [receiver: number, key: string])[]): readonly number[]
  /** Number of a known event. */
  find(hash: number, receiver: number, key: string): number | undefined
  /** True if the transaction has new events. */
  adds(): boolean
  /** Gives a new event its number. No number is given twice, so a higher number means a newer event. */
  add(hash: number): number
  /** Writes the changes, and indexes a part of the waiting keys. */
  store(): void
  /** It is committed. */
  stored(): void
  /** It was rolled back. */
  forget(): void
}

/** Numbers of the file are lower than they were: it was put back while this process has it open. */
export class PutBack extends Error {}

// Keys in memory before they are sorted into the index: as many again can come meanwhile.
const FRESH = 16_384
// The least keys indexed in a transaction, and more than it added, so that the index catches up.
const LEAST = 32
const PACE = 2

/** Makes the keys of a connection, which holds between half of `most` and all of it before it indexes them. With 0 each is indexed at once. */
export function createKeys(db: Database, most: number = FRESH): Keys {
  const numbers = db.prepare(`SELECT ${NEXT} AS next, indexed, seed FROM postern_numbers`)
  const since = db.prepare('SELECT id, receiver, key FROM postern_events WHERE id > ? ORDER BY id')
  const same = db.prepare('SELECT 1 FROM postern_events WHERE id = ? AND receiver = ? AND key = ?')
  const setIndexed = db.prepare('UPDATE postern_numbers SET indexed = ?')
  const index = createKeyIndex(db)
  let seen: unknown
  let seed = 0
  // Processes start at different times, so that not all of them index the same keys.
  const enough = Math.floor(most * (0.5 + Math.random() / 2))
  let fresh = createFreshKeys(1)
  /** The keys being indexed, and the progress, now and at the last commit. */
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
      // One state of the file for all that is read.
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

  /** Pruned and rolled-back events are still among the candidates; their rows decide. */
  function among(keys: FreshKeys, hash: number, receiver: number, key: string): number | undefined {
    const events = keys.candidates(hash)
    return events?.find((event) => same.get(event, receiver, key) !== undefined)
  }

  /** Reads the events of other connections, once in each transaction. */
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

  /** Another process has indexed the keys up to an event. */
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

/** Keys of events in the file, all of a number and before it. Inside a transaction. */
interface KeyIndex {
  /** Number of the event that has the key, and this hash. */
  find(hash: number, receiver: number, key: string): number | undefined
  /** Adds one. */
  put(hash: number, event: number): void
  /** Adds some of a run, from a place in it. */
  add(run: SortedKeys, from: number, to: number): void
  /** Drops entries of forgotten events. It looks at that many entries, and continues behind them the next time. */
  sweep(count: number): void
}

/**
 * Makes the index. It has hashes, since keys are long, and an entry may outlive its event: each hit is compared with the
 * event itself.
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

/** Hash of a key in 32 bits. The seed is the file's own, so that nobody can prepare ids that share a hash. */
function hashOf(seed: number, receiver: number, key: string): number {
  let hash = Math.imul(seed ^ receiver, 0x9e3779b1)
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}
