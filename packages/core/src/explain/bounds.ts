/** How much a search may still do. Every loop over what the network sent asks it. */
export interface Bounds {
  /** True once the search must end. */
  over(): boolean
  /** Counts one verification; false if there is none left. */
  take(): boolean
  stats(): { readonly attempts: number; readonly ms: number; readonly stopped: boolean }
}

/** Bounds by a count and by milliseconds of a clock that never goes back. */
export function createBounds(attempts: number, ms: number): Bounds {
  const started = performance.now()
  let taken = 0
  let stopped = false
  const over = (): boolean => (stopped ||= taken >= attempts || performance.now() - started >= ms)
  return {
    over,
    take() {
      if (over()) return false
      taken++
      return true
    },
    stats: () => ({
      attempts: taken,
      ms: Math.round((performance.now() - started) * 10) / 10,
      stopped,
    }),
  }
}
