import { createHash, randomBytes } from 'node:crypto'

/** Texts, each at a place: a number that is its own until it is removed. */
export interface KeyTable {
  /** The place of a key, or -1. */
  find(key: string): number
  /** Takes a place for a key that has none. Places are as small as can be. */
  add(key: string): number
  remove(place: number): void
}

// A row of 64 bytes, one line of a CPU's cache: the hash, a byte for the length, the key.
const ROW = 16
// In place of a length: the key is longer, or not ASCII, and its SHA-256 stands for it.
const DIGEST = 0xff
const DIGEST_BYTES = 32
// A bucket is half a line: how many keys that belong here had to go on to the next one, and seven slots. A slot has as many
// bits of the hash as its place leaves free, so that a search looks at one bucket and at no row but the right one.
const BUCKET = 8
// Keys for each bucket where the table is full.
const FILL = 4

/**
 * Makes one. Its keys lie in bytes outside the heap of JavaScript: as strings in a Map, those that come outlive some
 * collections of young objects and die in old space, where a million of them held 100 MiB and were marked again and again.
 */
export function createKeyTable(): KeyTable {
  let size = 256
  let rows = new Int32Array(size * ROW)
  // In a slot the place and 1, below bits of the hash; 0 where it is free.
  let slots = new Int32Array((size / FILL) * BUCKET)
  let used = 0
  const free: number[] = []
  let seed: Int32Array | undefined
  // The key that was read last, as a row has it.
  let last: string | undefined
  let hash = 0
  let words = 0
  const read = new Int32Array(ROW - 1)
  const bytes = new Uint8Array(read.buffer)
  const behind = bytes.subarray(1)
  const encoder = new TextEncoder()

  return {
    find(key) {
      take(key)
      const above = -2 * size
      for (let bucket = home(hash); ; bucket = next(bucket)) {
        for (let slot = bucket + 1; slot < bucket + BUCKET; slot++) {
          const entry = slots[slot]!
          if (entry === 0 || ((entry ^ hash) & above) !== 0) continue
          const place = (entry & ~above) - 1
          if (same(place * ROW)) return place
        }
        if (slots[bucket] === 0) return -1
      }
    },
    add(key) {
      take(key)
      const place = free.pop() ?? used++
      if (place === size) grow()
      rows[place * ROW] = hash
      for (let at = 0; at < words; at++) rows[place * ROW + 1 + at] = read[at]!
      enter(place)
      return place
    },
    remove(place) {
      for (let bucket = home(rows[place * ROW]!); ; bucket = next(bucket)) {
        for (let slot = bucket + 1; slot < bucket + BUCKET; slot++) {
          if ((slots[slot]! & (2 * size - 1)) !== place + 1) continue
          slots[slot] = 0
          return void free.push(place)
        }
        slots[bucket]!--
      }
    },
  }

  function home(of: number): number {
    return (of & (size / FILL - 1)) * BUCKET
  }

  function next(bucket: number): number {
    return (bucket + BUCKET) & (slots.length - 1)
  }

  function same(row: number): boolean {
    if (rows[row] !== hash) return false
    for (let at = 0; at < words; at++) if (rows[row + 1 + at] !== read[at]) return false
    return true
  }

  function enter(place: number): void {
    const of = rows[place * ROW]!
    for (let bucket = home(of); ; bucket = next(bucket)) {
      for (let slot = bucket + 1; slot < bucket + BUCKET; slot++)
        if (slots[slot] === 0) return void (slots[slot] = (of & (-2 * size)) | (place + 1))
      slots[bucket]!++
    }
  }

  function grow(): void {
    const full = size
    size *= 2
    const wider = new Int32Array(size * ROW)
    wider.set(rows)
    rows = wider
    slots = new Int32Array((size / FILL) * BUCKET)
    for (let place = 0; place < full; place++) enter(place)
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
