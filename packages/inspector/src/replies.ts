import type { ErrorReply } from './api.ts'
import type { InspectorReply, InspectorRequest } from './request.ts'

/** A reply of JSON. */
export function json(value: unknown, status = 200): InspectorReply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  }
}

/** An error of the API. `retryAfter` is seconds. */
export function problemReply(
  status: number,
  error: string,
  message: string,
  retryAfter?: number,
): InspectorReply {
  const body: ErrorReply = { error, message, ...(retryAfter !== undefined && { retryAfter }) }
  const reply = json(body, status)
  return retryAfter === undefined
    ? reply
    : { ...reply, headers: { ...reply.headers, 'retry-after': String(retryAfter) } }
}

/** Ends a route with an error of the API. */
export class ApiProblem extends Error {
  readonly reply: InspectorReply

  constructor(status: number, error: string, message: string, retryAfter?: number) {
    super(message)
    this.reply = problemReply(status, error, message, retryAfter)
  }
}

/** True if a browser opens the document. */
export function isPage({ method, header }: InspectorRequest, isDocument: boolean): boolean {
  return (
    isDocument &&
    (method === 'GET' || method === 'HEAD' || method === 'POST') &&
    !(header('accept') ?? '').startsWith('application/json')
  )
}

/** The time on the event loop that one visitor may use. */
export interface LoopBudget {
  /** Ends the route with 429 if the visitor has used up this minute. */
  demand(): void
  /** Subtracts milliseconds. */
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
      throw new ApiProblem(429, 'busy', `too many searches; try again in ${seconds} s`, seconds)
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
