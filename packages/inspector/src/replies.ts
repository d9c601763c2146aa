import type { ErrorReply } from './api.ts'
import type { InspectorReply, InspectorRequest } from './request.ts'

export function json(value: unknown, status = 200): InspectorReply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  }
}

/** `retryAfter` is in seconds. */
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

/** An error that a route throws. Its `reply` is then sent to the client. */
export class ApiProblem extends Error {
  readonly reply: InspectorReply

  constructor(status: number, error: string, message: string, retryAfter?: number) {
    super(message)
    this.reply = problemReply(status, error, message, retryAfter)
  }
}

/** True if a browser opens the document, so that the reply must be HTML. */
export function isPage({ method, header }: InspectorRequest, isDocument: boolean): boolean {
  return (
    isDocument &&
    (method === 'GET' || method === 'HEAD' || method === 'POST') &&
    !(header('accept') ?? '').startsWith('application/json')
  )
}

/** The time per minute that searches of one visitor may block the event loop. */
export interface LoopBudget {
  /** Throws an {@link ApiProblem} with status 429 if the time of this minute is used up. */
  demand(): void
  /** Adds `ms` milliseconds to the time that is used up. */
  charge(ms: number): void
}

// Each visitor may use 1000 ms of each minute. The app has the rest.
const MOST = 1000
const WINDOW = 60_000
const VISITORS = 1000

/** `now` is in milliseconds. */
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
