/** Chooses which of many are kept: a uniform sample of each minute, in places that are used again. */
export interface Reservoir {
  /** The place for one more of `bytes`, at a time in milliseconds since 1970; undefined if it is not kept. */
  place(at: number, bytes: number): number | undefined
}

const MINUTE = 60_000
/** Minutes whose samples are kept under a flood; without one, what came last stays. */
const MINUTES = 3
// Bytes of the requests of one minute.
const BYTES = 512 * 1024

/** Makes one of `size` places a minute. `random` is from 0 to 1. */
export function createReservoir(size: number, random: () => number = Math.random): Reservoir {
  const sizes: number[] = []
  let minute = Number.NaN
  let first = 0
  let seen = 0
  let total = 0

  return {
    place(at, bytes) {
      const now = Math.floor(at / MINUTE)
      if (now !== minute) begin(now)
      seen++
      const chosen = seen <= size ? seen - 1 : Math.floor(random() * seen)
      if (chosen >= size) return undefined
      const others = total - (sizes[chosen] ?? 0)
      if (others + bytes > BYTES) return undefined
      sizes[chosen] = bytes
      total = others + bytes
      return (first + chosen) % (size * MINUTES)
    },
  }

  function begin(now: number): void {
    first = (first + Math.min(seen, size)) % (size * MINUTES)
    minute = now
    seen = total = 0
    sizes.length = 0
  }
}
