import { ApiProblem } from './replies.ts'

/** Time of the event loop that one visitor may take. */
export interface LoopBudget {
  /** Ends the route with 429 if the visitor has used up this minute. */
  demand(): void
  /** Takes milliseconds off it. */
  charge(ms: number): void
}

// A second of each minute: the app has the rest.
const MOST = 1000
const WINDOW = 60_000
const VISITORS = 1000

/** Makes the budgets of all visitors, by name and address. `now` is in milliseconds. */
export function createBudgets(
  now: () => number = () => performance.now(),
): (visitor: string) => LoopBudget {
  const windows = new Map<string, { readonly since: number; used: number }>()
  return (visitor) => ({
    demand() {
      const { since, used } = windowOf(visitor)
      if (used < MOST) return
      const seconds = Math.max(1, Math.ceil((since + WINDOW - now()) / 1000))
      throw new ApiProblem(429, 'busy', `you have searched a lot; go on in ${seconds} s`, seconds)
    },
    charge(ms) {
      windowOf(visitor).used += ms
    },
  })

  function windowOf(visitor: string): { readonly since: number; used: number } {
    const known = windows.get(visitor)
    if (known && now() - known.since < WINDOW) return known
    windows.delete(visitor)
    if (windows.size >= VISITORS) windows.delete(windows.keys().next().value!)
    const window = { since: now(), used: 0 }
    windows.set(visitor, window)
    return window
  }
}
