import { request, type Agent } from 'node:http'
// Imported by file, because the package would also load its contract suites, which slows down each start.
import { acme } from '../../packages/testing/src/acme.ts'
import { SECRET } from './secrets.ts'

export interface SentEvent {
  readonly topic: string
  readonly id: string
  readonly payload: unknown
}

const provider = acme({ secret: SECRET })

/** Delivers an event once. Returns the status of the reply, or the error's code, such as `ECONNREFUSED`. */
export function post(
  url: string,
  event: SentEvent,
  agent?: Agent,
  // The timeout equals the deadline of the inboxes: a busy machine may need seconds to create the tables.
  timeout = 30_000,
): Promise<number | string> {
  const { headers, body } = provider.sign!({ ...event, url })
  return new Promise((resolve) => {
    const sending = request(url, { method: 'POST', agent, timeout, headers: { ...headers } })
    sending.once('response', (reply) => {
      reply.resume()
      reply.once('close', () => resolve(reply.complete ? reply.statusCode! : 'cut off'))
    })
    sending.once('error', ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message))
    sending.once('timeout', () => sending.destroy(new Error('timeout')))
    sending.end(body)
  })
}

export async function ask(url: string): Promise<unknown> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(60_000) })
  if (!reply.ok) throw new Error(await reply.text())
  return reply.json()
}
