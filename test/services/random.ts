/** Returns integers from 0 to below 2^32, the same for the same seed (mulberry32, in the public domain). */
export function wholeBy(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** Returns numbers from 0 to below 1, the same for the same seed. */
export function randomBy(seed: number): () => number {
  const whole = wholeBy(seed)
  return () => whole() / 2 ** 32
}
