/** Lets at most `count` callers have a place at once; other callers wait in order. */
export interface Semaphore {
  /**
   * Takes a place, and returns a function that releases the place. If no place is free, returns a promise of this
   * function.
   */
  take(): Promise<() => void> | (() => void)
}

/**
 * Makes a {@link Semaphore}. `count` returns the number of places, and is called each time, since the number may
 * change.
 */
export function createSemaphore(count: () => number): Semaphore {
  const line: (() => void)[] = []
  let taken = 0
  return {
    take() {
      if (taken < count()) {
        taken++
        return giveBack()
      }
      return new Promise((resolve) => line.push(() => resolve(giveBack())))
    },
  }

  function giveBack(): () => void {
    let given = false
    return () => {
      if (given) return
      given = true
      taken--
      // A released place goes directly to the first waiting caller, so that no new caller can overtake.
      while (line.length > 0 && taken < count()) {
        taken++
        line.shift()!()
      }
    }
  }
}
