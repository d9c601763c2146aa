import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Got {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Replies with a status, or writes to the response itself. Undefined sends no reply. */
export type Manner = (
  got: Got,
  nth: number,
  response: ServerResponse,
) => number | Promise<number> | void

/** HTTP server on 127.0.0.1 that records its requests. */
export interface Site {
  readonly url: string
  readonly port: number
  readonly got: readonly Got[]
  /** Requests that got a 2xx status. */
  readonly taken: readonly Got[]
  /** Number of connections so far. */
  readonly connections: number
  /** Maximum number of parallel requests. */
  readonly most: number
  /** Waits for this number of requests. */
  until(count: number): Promise<void>
  close(): Promise<void>
}

/** Starts a site, which replies 204 by default. */
export async function openSite(manner: Manner = () => 204): Promise<Site> {
  const got: Got[] = []
  const taken: Got[] = []
  let waiting: (() => void)[] = []
  let connections = 0
  let open = 0
  let most = 0
  const server = createServer((request, response) => void take(request, response))
  server.on('connection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/in`,
    port,
    got,
    taken,
    get connections() {
      return connections
    },
    get most() {
      return most
    },
    async until(count) {
      while (got.length < count) await new Promise<void>((wake) => waiting.push(wake))
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    open++
    most = Math.max(most, open)
    response.once('close', () => open--)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const one: Got = {
      method: request.method!,
      path: request.url!,
      headers: request.headers as Record<string, string>,
      body: Buffer.concat(chunks),
    }
    got.push(one)
    const status = await manner(one, got.length, response)
    if (status !== undefined && !response.headersSent) response.writeHead(status).end()
    if (response.statusCode < 300) taken.push(one)
    for (const wake of waiting.splice(0)) wake()
    waiting = []
  }
}
