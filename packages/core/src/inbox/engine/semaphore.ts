/** Lets at most `count` callers through at once; the others wait in line. */
export interface Semaphore {
  /** Returns a function that gives the place back; a promise of it if no place is free. */
  take(): Promise<() => void> | (() => void)
}

/** Makes places for `count` at once. `count` is asked each time, since it may change. */
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
      // Places go straight to the next in line, so that nobody can slip in between.
      while (line.length > 0 && taken < count()) {
        taken++
        line.shift()!()
      }
    }
  }
}
