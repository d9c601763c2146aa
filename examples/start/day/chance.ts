/** Chance with a seed: the same day each time. */
export interface Chance {
  /** From 0 to below 1. */
  readonly random: () => number
  /** True that often, from 0 to 1. */
  readonly happens: (often: number) => boolean
  readonly one: <T>(of: readonly T[]) => T
  /** A duration as services take: mostly about `usual`, now and then ten times as long. In milliseconds. */
  readonly duration: (usual: number) => number
}

/** Makes it (mulberry32, a generator in the public domain). */
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
