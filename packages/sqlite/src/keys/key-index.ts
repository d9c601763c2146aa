import type { Database } from '../driver/driver.ts'
import { DISTANCE, type SortedKeys } from './fresh-keys.ts'

/** Keys of events in the file, all of a number and before it. Inside a transaction. */
interface KeyIndex {
  /** Number of the event that has the key, and this hash. */
  find(hash: number, receiver: number, key: string): number | undefined
  /** Adds one. */
  put(hash: number, event: number): void
  /** Adds some of a run, from a place in it. */
  add(run: SortedKeys, from: number, to: number): void
  /** Drops entries of forgotten events. It looks at that many entries, and goes on behind them the next time. */
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
export function hashOf(seed: number, receiver: number, key: string): number {
  let hash = Math.imul(seed ^ receiver, 0x9e3779b1)
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}
