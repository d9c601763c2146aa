/** Runs a function in the event loop's next round; where there is no `setImmediate` (browsers), by a timer of 0 ms. */
export function soon(act: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(act)
  else setTimeout(act, 0)
}

const { process } = globalThis as { process?: { nextTick?: (act: () => void) => void } }
const nextTick = process?.nextTick
const NOW: Promise<void> = Promise.resolve()

/**
 * Runs a function once the replies to the current requests have gone out, as far as this process can know: adapters write
 * them in promise jobs, and a tick asked for by one of these comes when all of them are done. Without ticks it is
 * {@link soon}. https://nodejs.org/learn/asynchronous-work/event-loop-timers-and-nexttick
 */
export function afterReplies(act: () => void): void {
  if (nextTick) void NOW.then(() => nextTick(act))
  else soon(act)
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
