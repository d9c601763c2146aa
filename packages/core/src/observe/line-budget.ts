/** Lines that may be printed in each second. */
interface LineBudget {
  /** True if the next line may be printed; else it is counted. */
  take(): boolean
}

const SECOND = 1000

/** Makes a budget of `lines` a second. After each second `tell` is called with the number of lines that were not printed. */
export function createLineBudget(lines: number, tell: (unprinted: number) => void): LineBudget {
  let ends = 0
  let left = lines
  let unprinted = 0

  return {
    take() {
      if (performance.now() >= ends) begin()
      if (left > 0) {
        left--
        return true
      }
      if (unprinted++ === 0) later(flush)
      return false
    },
  }

  function begin(): void {
    flush()
    ends = performance.now() + SECOND
    left = lines
  }

  function flush(): void {
    if (unprinted === 0) return
    const count = unprinted
    unprinted = 0
    tell(count)
  }
}

function later(flush: () => void): void {
  try {
    const timer: unknown = setTimeout(flush, SECOND)
    // A process that has nothing else to do does not wait for a line.
    if (typeof timer === 'object' && timer !== null && 'unref' in timer)
      (timer as { unref(): void }).unref()
  } catch {
    // Workers allow no timer outside a request: there the next rejection prints the line.
  }
}
