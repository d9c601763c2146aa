/** Runs a function in the event loop's next round; where there is no `setImmediate` (browsers), by a timer of 0 ms. */
export function soon(act: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(act)
  else setTimeout(act, 0)
}

/** The event loop's next round. */
export function nextRound(): Promise<void> {
  return new Promise((resolve) => soon(resolve))
}

/** Runs a function by a timer of 0 ms. Workers allow no timer outside of a request: there it is not run. */
export function outsideRequests(act: () => void): void {
  try {
    setTimeout(act)
  } catch {
    // The first delivery does it.
  }
}
