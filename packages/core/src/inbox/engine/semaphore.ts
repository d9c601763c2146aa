/** Lets at most `count` callers through at once; the others wait in line. */
export interface Semaphore {
  /** Returns a function that releases the place, or a promise of it if no place is free. */
  take(): Promise<() => void> | (() => void)
}

/** Makes a semaphore. `count` is called each time, since it may change. */
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
      // A place goes straight to the next in line, so that no new caller can overtake it.
      while (line.length > 0 && taken < count()) {
        taken++
        line.shift()!()
      }
    }
  }
}
