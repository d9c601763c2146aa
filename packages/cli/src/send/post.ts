import { readStart } from '@postern/core/internal'
import type { SignableRequest } from '@postern/core/scheme'
import { Failure } from '../print/say.ts'
import { whyNot } from '../sender/why-not.ts'

/** How a delivery was answered. */
export interface Sent {
  readonly status: number
  /** Where a redirect leads. */
  readonly location?: string
  readonly ms: number
  readonly reply: string
}

// Bytes of a reply that are read: what answers may be anything.
const SHOWN = 4096

/** Sends a signed request. Throws a `Failure` with exit code 3 if nothing answers. */
export async function post(request: SignableRequest, timeout: number): Promise<Sent> {
  const { url, method, headers, body } = request
  const empty = method === 'GET' || method === 'HEAD'
  const started = performance.now()
  try {
    const signal = AbortSignal.timeout(timeout)
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal,
      ...(!empty && { body }),
    })
    const reply = await readStart(response.body, SHOWN)
    const location = response.headers.get('location')
    return {
      status: response.status,
      ...(location !== null && { location }),
      ms: Math.round(performance.now() - started),
      // A character that the bound has cut is left out.
      reply: new TextDecoder().decode(reply, { stream: true }),
    }
  } catch (error) {
    throw new Failure(3, `${new URL(url).origin} did not answer: ${whyNot(error)}`, {
      cause: error,
    })
  }
}
