import { createHash, randomBytes } from 'node:crypto'

/** Texts, each at a place: a number that is its own until it is removed. */
export interface KeyTable {
  /** The place of a key, or -1. */
  find(key: string): number
  /** Takes a place for a key that has none. Places are as small as can be. */
  add(key: string): number
  remove(place: number): void
}

// A row of 64 bytes, one line of a CPU's cache: the next place of its chain, the hash, a byte for the length, the key.
const ROW = 16
const KEY = 2
// In place of a length: the key is longer, or not ASCII, and its SHA-256 stands for it.
const DIGEST = 0xff
const DIGEST_BYTES = 32

/**
 * Makes one. Its keys lie in bytes outside the heap of JavaScript: as strings in a Map, those that come outlive some
 * collections of young objects and die in old space, where a million of them held 100 MiB and were marked again and again.
 */
export function createKeyTable(): KeyTable {
  let rows = new Int32Array(256 * ROW)
  // The first place of each chain and 1; 0 for none.
  let heads = new Int32Array(512)
  let used = 0
  const free: number[] = []
  let seed: Int32Array | undefined
  // The key that was read last, as a row has it.
  let last: string | undefined
  let hash = 0
  let words = 0
  const read = new Int32Array(ROW - KEY)
  const bytes = new Uint8Array(read.buffer)
  const behind = bytes.subarray(1)
  const encoder = new TextEncoder()

  return {
    find(key) {
      take(key)
      let next = heads[hash & (heads.length - 1)]!
      while (next !== 0 && !same((next - 1) * ROW)) next = rows[(next - 1) * ROW]!
      return next - 1
    },
    add(key) {
      take(key)
      const place = free.pop() ?? used++
      if (place * ROW === rows.length) grow()
      const row = place * ROW
      rows[row + 1] = hash
      for (let at = 0; at < words; at++) rows[row + KEY + at] = read[at]!
      chain(place)
      return place
    },
    remove(place) {
      const head = rows[place * ROW + 1]! & (heads.length - 1)
      const next = rows[place * ROW]!
      if (heads[head] === place + 1) heads[head] = next
      else {
        let row = (heads[head]! - 1) * ROW
        while (rows[row] !== place + 1) row = (rows[row]! - 1) * ROW
        rows[row] = next
      }
      free.push(place)
    },
  }

  function same(row: number): boolean {
    if (rows[row + 1] !== hash) return false
    for (let at = 0; at < words; at++) if (rows[row + KEY + at] !== read[at]) return false
    return true
  }

  function chain(place: number): void {
    const head = rows[place * ROW + 1]! & (heads.length - 1)
    rows[place * ROW] = heads[head]!
    heads[head] = place + 1
  }

  function grow(): void {
    const wider = new Int32Array(rows.length * 2)
    wider.set(rows)
    rows = wider
    heads = new Int32Array(heads.length * 2)
    for (let place = 0; place < used - 1; place++) chain(place)
  }

  function take(key: string): void {
    if (key === last) return
    last = key
    let { length } = key
    bytes[0] = length
    const coded = encoder.encodeInto(key, behind)
    // All of it is there, in as many bytes as characters: it is ASCII.
    if (coded.read !== length || coded.written !== length) {
      // Each half of a pair by itself: UTF-8 has the same bytes for all halves that stand alone.
      bytes.set(createHash('sha256').update(key, 'utf16le').digest(), 1)
      bytes[0] = DIGEST
      length = DIGEST_BYTES
    }
    words = (length + 4) >> 2
    for (let rest = length + 1; rest < words * 4; rest++) bytes[rest] = 0
    seed ??= new Int32Array(new Uint8Array(randomBytes(8)).buffer)
    hash = halfSipHash(seed[0]!, seed[1]!, read, words)
  }
}

/**
 * HalfSipHash-1-3 of the words, so that nobody who chooses ids can choose such as fall into one chain.
 * https://github.com/veorq/SipHash
 */
function halfSipHash(k0: number, k1: number, words: Int32Array, count: number): number {
  let v0 = k0
  let v1 = k1
  let v2 = k0 ^ 0x6c796765
  let v3 = k1 ^ 0x74656462
  for (let at = 0; at < count + 3; at++) {
    const word = at < count ? words[at]! : 0
    if (at === count) v2 ^= 0xff
    v3 ^= word
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    v0 ^= word
  }
  return v1 ^ v3
}
