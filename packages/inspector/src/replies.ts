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
