/** How much a search may still do. Every loop over what the network sent asks it. */
export interface Bounds {
  /** True once the search must end. */
  over(): boolean
  /** Counts one verification; false if there is none left. */
  take(): boolean
  /**
   * Counts the bytes that are tried next. A promise once a slice is used up: other requests get the event loop, and the
   * memory of large copies comes back.
   */
  turn(bytes: number): Promise<void> | undefined
  stats(): { readonly attempts: number; readonly ms: number; readonly stopped: boolean }
}

// Bytes that are tried in one turn of the event loop, with what is made around them: some 10 ms.
const SLICE = 256 * 1024
// What a trial costs next to its body, in bytes.
const EACH = 1024

/** Bounds by a count and by milliseconds of a clock that never goes back. */
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
