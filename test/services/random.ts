/** Returns a generator of integers from 0 to 2^32 - 1, repeatable by the seed (mulberry32, public domain). */
export function wholeBy(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** Returns a generator of numbers from 0 (inclusive) to 1 (exclusive), repeatable by the seed. */
export function randomBy(seed: number): () => number {
  const whole = wholeBy(seed)
  return () => whole() / 2 ** 32
}
