import type { SignableRequest } from '@postern/core/scheme'
import type { Case } from './deliveries.ts'
import type { Watch } from './watch.ts'

/** Result of a case. */
export interface Outcome extends Case {
  readonly got: number
  readonly gotCode: string
  readonly gotRuns: number
  readonly right: boolean
}

/** Sends a case over HTTP and waits until its handlers have ended. */
export async function sendCase(one: Case, watch: Watch): Promise<Outcome> {
  const before = watch.runs(one.source)
  const response = await send(one.request)
  const body = await response.text()
  await watch.settled()
  const gotRuns = watch.runs(one.source) - before
  const gotCode = codeOf(response, body)
  const right =
    response.status === one.status &&
    gotCode === (one.code ?? '') &&
    gotRuns === (one.runs ?? 0) &&
    body.includes(one.reply ?? '')
  return { ...one, got: response.status, gotCode, gotRuns, right }
}

/** Sends a request exactly as it was signed. */
export function send(request: SignableRequest): Promise<Response> {
  const { method, url, headers, body } = request
  return fetch(url, {
    method,
    headers: { ...headers },
    ...(method !== 'GET' && { body: Uint8Array.from(body) }),
  })
}

function codeOf(response: Response, body: string): string {
  if (response.headers.get('content-type') !== 'application/problem+json') return ''
  return String((JSON.parse(body) as { code?: unknown }).code)
}
