import type { Database } from '../driver/driver.ts'

/**
 * Which hashes are surely not in the index of keys: almost every new event has one of these, and a look in the index for
 * each costs a seventh of storing it. A bit for each range of hashes, in 4 MiB.
 */
interface KeyFilter {
  /** False if no key with this hash is in the index. */
  mayHave(hash: number): boolean
  /** A key with this hash is in the index, or soon will be. */
  add(hash: number): void
  /** Reads a part of the index, in proportion to the new events of a transaction, until all of it was read. */
  read(events: number): void
  /** Others have filled the index unseen: it is to be read again. */
  reset(): void
}

// 2^25 bits: of two million keys one new event in sixteen is looked for in vain.
const SHIFT = 7
const WORDS = 2 ** (32 - SHIFT - 5)
// Entries read for each new event, 0.2 µs each, and in one transaction at most.
const PACE = 16
const MOST = 1024
// Bits of forgotten keys stay: after so many new keys, or twice as many as there were, the index is read again.
const RENEW = 2 ** 22
const END = 2 ** 32

/** Makes it; nothing is known of the index yet. `renew`: the least new keys after which it is read again. */
export function createKeyFilter(db: Database, renew: number = RENEW): KeyFilter {
  const entries = db.prepare('SELECT hash FROM postern_keys WHERE hash > ? ORDER BY hash LIMIT ?')
  let bits = new Uint32Array(0)
  // Hashes up to this one were read.
  let last = -1
  let found = 0
  let added = 0

  return {
    mayHave: (hash) => hash > last || (bits[hash >>> (SHIFT + 5)]! & bitOf(hash)) !== 0,
    add,
    read(events) {
      if (last === END || events === 0) return
      if (bits.length === 0) bits = new Uint32Array(WORDS)
      const count = Math.min(MOST, PACE * events)
      const rows = entries.all(last, count) as { readonly hash: number }[]
      for (const { hash } of rows) add(hash)
      found += rows.length
      last = rows.length < count ? END : rows.at(-1)!.hash
      if (last === END) added = 0
    },
    reset,
  }

  function add(hash: number): void {
    if (bits.length === 0) return
    bits[hash >>> (SHIFT + 5)]! |= bitOf(hash)
    if (++added > Math.max(renew, 2 * found)) reset()
  }

  function reset(): void {
    last = -1
    found = added = 0
    bits.fill(0)
  }
}

function bitOf(hash: number): number {
  return 1 << ((hash >>> SHIFT) & 31)
}
