/**
 * The limits of a search for the cause of a rejection. The search checks the limits before each change that it tries.
 * Functions that take long to make changes check the limits as well.
 */
export interface Bounds {
  /** Returns true if the number of verifications or the time is used up. */
  over(): boolean
  /** Counts one verification. Returns false if none is left. */
  take(): boolean
  /** Counts bytes to verify. After each 256 KiB, returns a promise to await, so that other requests can run. */
  turn(bytes: number): Promise<void> | undefined
  stats(): { readonly attempts: number; readonly ms: number; readonly stopped: boolean }
}

// Number of bytes to verify between two turns of the event loop: about 10 ms of work.
const SLICE = 256 * 1024
// Number of bytes to add for each verification, for its fixed cost.
const EACH = 1024

export function createBounds(attempts: number, ms: number): Bounds {
  const started = performance.now()
  let taken = 0
  let stopped = false
  let slice = 0
  const over = (): boolean => (stopped ||= taken >= attempts || performance.now() - started >= ms)
  return {
    over,
    take() {
      if (over()) return false
      taken++
      return true
    },
    turn(bytes) {
      slice += bytes + EACH
      if (slice < SLICE) return undefined
      slice = 0
      return new Promise((resolve) => setTimeout(resolve))
    },
    stats: () => ({
      attempts: taken,
      ms: Math.round((performance.now() - started) * 10) / 10,
      stopped,
    }),
  }
}
