import { request, type Agent } from 'node:http'
import { acme } from '@postern/testing'
import { SECRET } from '../secrets.ts'

const provider = acme({ secret: SECRET })

/** Delivers an event once. Returns the status; undefined without a reply. */
export function post(
  agent: Agent,
  url: string,
  topic: string,
  id: string,
  payload: unknown,
): Promise<number | undefined> {
  const signed = provider.sign!({ topic, id, payload, url })
  return new Promise((resolve) => {
    const sending = request(
      url,
      { method: 'POST', agent, timeout: 10_000, headers: { ...signed.headers } },
      (reply) => {
        reply.resume()
        reply.once('close', () => resolve(reply.complete ? reply.statusCode : undefined))
      },
    )
    sending.once('error', () => resolve(undefined))
    sending.once('timeout', () => sending.destroy())
    sending.end(signed.body)
  })
}

export async function ask(url: string): Promise<unknown> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(60_000) })
  if (!reply.ok) throw new Error(await reply.text())
  return reply.json()
}
