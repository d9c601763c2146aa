/** Random values from a seed, so that each run creates the same day. */
export interface Chance {
  /** Returns a number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number
  /** Returns true with this probability, from 0 to 1. */
  readonly happens: (often: number) => boolean
  readonly one: <T>(of: readonly T[]) => T
  /** Returns how long a service call takes, in milliseconds: mostly about `usual`, now and then ten times as long. */
  readonly duration: (usual: number) => number
}

/** Creates the random values with mulberry32, a public-domain generator. */
export function createChance(seed: number): Chance {
  let state = seed
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const happens = (often: number): boolean => random() < often
  return {
    random,
    happens,
    one: (of) => of[Math.floor(random() * of.length)]!,
    duration: (usual) => usual * (0.6 + random() * 0.8) * (happens(0.03) ? 10 : 1),
  }
}
