import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { FORWARD_SECRET } from './secrets.ts'

/** Destination that fails at random and records its requests. */
export interface ShakyDestination {
  readonly url: string
  /** Accepted events, with the number of deliveries and their `webhook-id`s. */
  readonly events: ReadonlyMap<string, { taken: number; readonly ids: ReadonlySet<string> }>
  /** Number of all requests, and of failed ones. */
  readonly counts: { readonly requests: number; readonly failures: number }
  /** Number of wrong signatures. */
  readonly unsigned: number
  close(): Promise<void>
}

/** Starts a destination. `failing` is the share of failures: a 500, a 429, or a broken connection. */
export async function openDestination(failing: number): Promise<ShakyDestination> {
  const events = new Map<string, { taken: number; readonly ids: Set<string> }>()
  const counts = { requests: 0, failures: 0 }
  const verifier = new Webhook(FORWARD_SECRET)
  let unsigned = 0
  const server = createServer((request, response) => void take(request, response).catch(() => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`,
    events,
    counts,
    get unsigned() {
      return unsigned
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    counts.requests++
    const { id } = JSON.parse(body) as { id: string }
    try {
      verifier.verify(body, request.headers as Record<string, string>)
    } catch {
      unsigned++
    }
    let known = events.get(id)
    if (!known) events.set(id, (known = { taken: 0, ids: new Set() }))
    known.ids.add(String(request.headers['webhook-id']))
    if (Math.random() >= failing) {
      known.taken++
      response.writeHead(204).end()
      return
    }
    counts.failures++
    const manner = Math.random()
    if (manner < 0.2) request.socket.destroy()
    else if (manner < 0.4) response.writeHead(429, { 'retry-after': '0' }).end()
    else response.writeHead(500).end()
  }
}
