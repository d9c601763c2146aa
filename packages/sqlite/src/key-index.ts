import type { DatabaseSync } from 'node:sqlite'

/** Keys of events in the file, all of a number and before it. Inside a transaction. */
export interface KeyIndex {
  /** Number of the event that has the key. */
  find(seed: number, receiver: number, key: string): number | undefined
  /** Adds some of a run, from a place in it. */
  add(run: KeyRun, from: number, to: number): void
  /** Drops entries of events that are no more, looking at so many, and goes on from there the next time. */
  sweep(count: number): void
}

/** Keys to be added, in the order of the index. */
export interface KeyRun {
  readonly length: number
  /** The last event whose key is in it. */
  readonly last: number
  /** Hashes, each with the distance of its event from the first, in one number. */
  readonly entries: Float64Array
  readonly first: number
}

// The distance takes the lower bits of what a number holds exactly, beside a hash of 32 bits.
const DISTANCE = 2 ** 21

/**
 * Makes the index. It has hashes, since keys are long, and an entry may outlive its event, so what it finds is compared
 * with the event itself.
 */
export function createKeyIndex(db: DatabaseSync): KeyIndex {
  const find = db.prepare(
    `SELECT e.id FROM postern_keys k CROSS JOIN postern_events e ON e.id = k.event
     WHERE k.hash = ? AND e.receiver = ? AND e.key = ?`,
  )
  const add = db.prepare('INSERT OR IGNORE INTO postern_keys (hash, event) VALUES (?, ?)')
  const ahead = db.prepare(
    'SELECT hash FROM postern_keys WHERE hash > ? ORDER BY hash LIMIT 1 OFFSET ?',
  )
  const clean = db.prepare(
    `DELETE FROM postern_keys WHERE hash > ? AND hash <= ?
     AND NOT EXISTS (SELECT 1 FROM postern_events e WHERE e.id = postern_keys.event)`,
  )
  let swept = -1

  return {
    find(seed, receiver, key) {
      const row = find.get(hashOf(seed, nameOf(receiver, key)), receiver, key)
      return (row as { id: number } | undefined)?.id
    },
    add({ entries, first }, from, to) {
      for (let at = from; at < to; at++) {
        const entry = entries[at]!
        add.run(Math.floor(entry / DISTANCE), first + (entry % DISTANCE))
      }
    },
    sweep(count) {
      const row = ahead.get(swept, count - 1) as { hash: number } | undefined
      clean.run(swept, row?.hash ?? 2 ** 32)
      swept = row?.hash ?? -1
    },
  }
}

/** Puts keys into the order of the index, so that neighbours come together and a page is written once for many. */
export function sortKeys(seed: number, known: ReadonlyMap<string, number>, last: number): KeyRun {
  let first = last
  for (const event of known.values()) if (event < first) first = event
  const entries = new Float64Array(known.size)
  let at = 0
  for (const [name, event] of known) entries[at++] = hashOf(seed, name) * DISTANCE + (event - first)
  return { length: at, last, entries: entries.sort(), first }
}

/** A key within all receivers. */
export function nameOf(receiver: number, key: string): string {
  return `${receiver} ${key}`
}

/** 32 bits. The seed is the file's own, so that nobody can prepare ids that share a hash. */
function hashOf(seed: number, name: string): number {
  let hash = seed
  for (let at = 0; at < name.length; at++) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}
