import { once } from 'node:events'
import { request as send, type IncomingMessage } from 'node:http'
import type { Receiver } from '@postern/core'
import { hostNames } from '../../packages/cli/src/hosts.ts'
import { hosts as rows, type Handler, type Serve } from '../services/hosts.ts'
import type { Wire } from './case.ts'

/** Reply of a host. Status 0 means that the connection ended without a reply. */
export interface Answer {
  readonly status: number
  readonly body: string
}

/** Framework with one webhook route. The tests mount one receiver after another. */
export interface Host {
  readonly name: string
  use(receiver: Receiver): void
  send(wire: Wire): Promise<Answer>
  close(): Promise<void>
}

interface Opening {
  readonly name: string
  readonly open: () => Promise<Host>
}

/** The test acts as a proxy that reports TLS. */
const trustProxy = { hops: 1, headers: ['x-forwarded-proto'] } as const

/** Every adapter that streams the body, and `fetch` itself. */
export const hosts: readonly Opening[] = hostNames.flatMap((name) => {
  const row = rows[name]
  if ('whole' in row) return []
  return {
    name,
    open: () => ('serve' in row ? listen(name, row.serve) : handle(name, row.handler)),
  }
})

const BEFORE: Readonly<Record<PropertyKey, unknown>> = { name: 'hostile', limits: { time: 10_000 } }

/** Forwards each call to the currently mounted receiver. */
function turnstile(): { readonly mounted: Receiver; readonly use: (receiver: Receiver) => void } {
  let current: Receiver | undefined
  // NestJS recognizes receivers by their members.
  const mounted = new Proxy({ receive: undefined } as unknown as Receiver, {
    // A framework may inspect the receiver before the first one is mounted.
    get: (_, name) => (current ? Reflect.get(current, name) : BEFORE[name]),
  })
  return { mounted, use: (receiver) => void (current = receiver) }
}

async function listen(name: string, serve: Serve): Promise<Host> {
  const { mounted, use } = turnstile()
  const { server, listen: begin } = await serve(mounted, { trustProxy })
  const port = await begin()
  return {
    name,
    use,
    send: (wire) => exchange(port, wire),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function exchange(port: number, wire: Wire): Promise<Answer> {
  const { host, target, protocol } = urlParts(wire.url)
  const own = new Set(wire.headers.map(([header]) => header.toLowerCase()))
  const headers = [
    ...(own.has('host') ? [] : ['host', host]),
    'x-forwarded-proto',
    protocol,
    ...(own.has('content-length') || wire.method === 'GET' || wire.method === 'HEAD'
      ? []
      : ['content-length', String(wire.body.byteLength)]),
    ...wire.headers.flat(),
  ]
  const outgoing = send({
    host: '127.0.0.1',
    port,
    method: wire.method,
    path: target,
    headers,
    agent: false,
  })
  return new Promise((resolve) => {
    outgoing.on('error', () => resolve({ status: 0, body: '' }))
    outgoing.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => void chunks.push(chunk))
      response.on('error', () => resolve({ status: 0, body: '' }))
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() })
        if (wire.headAlone) outgoing.destroy()
      })
    })
    if (wire.headAlone) outgoing.flushHeaders()
    else outgoing.end(wire.body)
  })
}

/** Splits a URL as text, because the URL class would change what was signed. */
function urlParts(url: string): {
  readonly protocol: string
  readonly host: string
  readonly target: string
} {
  const [protocol = '', rest = ''] = url.split('://', 2)
  const slash = rest.search(/[/?]/)
  const host = slash < 0 ? rest : rest.slice(0, slash)
  const target = slash < 0 ? '/' : rest.slice(slash)
  return { protocol, host, target: target.startsWith('/') ? target : `/${target}` }
}

async function handle(name: string, handler: Handler): Promise<Host> {
  const { mounted, use } = turnstile()
  const answer = await handler(mounted)
  return {
    name,
    use,
    async send(wire) {
      const response = await answer(requestOf(wire))
      return { status: response.status, body: await response.text() }
    },
    close: async () => {},
  }
}

function requestOf({ method, url, headers, body, headAlone }: Wire): Request {
  const lines = new Headers()
  for (const [header, value] of headers) lines.append(header, value)
  lines.set('host', urlParts(url).host)
  const bodiless = method === 'GET' || method === 'HEAD'
  const stalled = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) })
  return new Request(url, {
    method,
    headers: lines,
    ...(!bodiless && headAlone && { body: stalled, duplex: 'half' }),
    ...(!bodiless && !headAlone && body.byteLength > 0 && { body }),
  } as RequestInit)
}
