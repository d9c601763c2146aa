import { readStart } from '@postern/core/internal'
import type { SignableRequest } from '@postern/core/scheme'
import { Failure } from '../print/say.ts'
import { judge, type Verdict } from './answer.ts'
import { whyNot } from '../sender/why-not.ts'

/** How a delivery was answered, and by whom. */
export interface Sent extends Verdict {
  readonly status: number
  /** Where a redirect leads. */
  readonly location?: string
  readonly ms: number
  readonly reply: string
}

// Bytes of a reply that are read: the URL may belong to any program.
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
    // A character that the bound has cut is left out.
    const text = new TextDecoder().decode(reply, { stream: true })
    const answer = { status: response.status, headers: Object.fromEntries(response.headers), text }
    return {
      status: response.status,
      ...(location !== null && { location }),
      ms: Math.round(performance.now() - started),
      reply: text,
      ...judge(answer, url),
    }
  } catch (error) {
    throw new Failure(3, `${new URL(url).origin} did not answer: ${whyNot(error)}`, {
      cause: error,
    })
  }
}
