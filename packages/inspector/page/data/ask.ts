import type { ErrorReply } from '../../src/api.ts'
import { createPageValue, type PageValue } from './store.ts'

/** A failed request. `status` is the status of the reply, or 0 if the server did not answer. */
export class AskFailure extends Error {
  readonly status: number
  readonly retryAfter: number | undefined

  constructor(status: number, message: string, retryAfter?: number) {
    super(message)
    this.status = status
    this.retryAfter = retryAfter
  }

  /** True if a later try may succeed. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

export const signedOut: PageValue<boolean> = createPageValue(false)

/** URL of the API, relative to this script, because the page does not know the path of the inspector. */
const API = new URL(/* @vite-ignore */ './api/', import.meta.url)
const LONGEST = 30_000

export type Params = Readonly<Record<string, string | number | undefined>>

/** Sends GET to a route of the API. Throws an {@link AskFailure}. */
export function ask<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  return send(url(path, params), { method: 'GET' }, signal)
}

/** Sends POST to a route of the API. Throws an {@link AskFailure}. */
export function act<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
  const init = {
    method: 'POST',
    // A form of another site cannot send this header.
    headers: { 'content-type': 'application/json', 'x-postern-action': '1' },
    body: JSON.stringify(body),
  }
  return send(url(path, {}), init, signal)
}

export function url(path: string, params: Params): string {
  const at = new URL(path, API)
  for (const [name, value] of Object.entries(params))
    if (value !== undefined && value !== '') at.searchParams.set(name, String(value))
  return at.href
}

async function send<T>(at: string, init: RequestInit, signal?: AbortSignal): Promise<T> {
  const limit = AbortSignal.timeout(LONGEST)
  let reply: Response
  let body: unknown
  try {
    reply = await fetch(at, {
      ...init,
      // Without `manual`, the browser would follow a redirect to the app's login page, and this function would read
      // that page as JSON.
      redirect: 'manual',
      credentials: 'same-origin',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
    body = reply.type === 'opaqueredirect' ? undefined : await reply.json()
  } catch (error) {
    if (signal?.aborted) throw error
    throw new AskFailure(0, 'The app does not answer.')
  }
  if (reply.type === 'opaqueredirect' || reply.status === 401) {
    signedOut.set(true)
    throw new AskFailure(401, 'You are signed out.')
  }
  if (reply.ok) return body as T
  const { message, retryAfter } = (body ?? {}) as Partial<ErrorReply>
  throw new AskFailure(reply.status, message ?? `The app answered ${reply.status}.`, retryAfter)
}
