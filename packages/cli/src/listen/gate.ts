import { randomBytes } from 'node:crypto'
import {
  createServer,
  request as call,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { PastDelivery } from '../send/again.ts'
import { alivePath } from './session.ts'

type Lines = PastDelivery['headers']

export interface GateReply {
  readonly status: number
  readonly headers: Lines
  readonly body: Uint8Array
}

interface GateOptions {
  /**
   * Allowed paths, compared character by character. If undefined, every path is allowed, but only this machine can send
   * requests.
   */
  readonly paths: ReadonlySet<string> | undefined
  /** Id of this session. A later session requests the id to check whether this session still runs. */
  readonly id: string
  readonly answer: (delivery: PastDelivery, path: string) => Promise<GateReply>
}

/**
 * Gate: the HTTP server on this machine to which a tunnel leads. Through the tunnel, anybody can reach one exact path
 * per receiver, and nothing else.
 */
export interface LocalGate {
  readonly server: Server
  /**
   * A secret path and the text that the gate answers there. A request for this path proves that a public URL leads to
   * this gate.
   */
  readonly proof: { readonly path: string; readonly text: string }
  /** Scheme and host of the public URL. Empty if there is no public URL. */
  origin: string
  readonly strangers: number
}

const MOST = 25 * 2 ** 20
// Maximum number of bodies that are read at the same time, and their maximum total size in bytes. Beyond a limit, the
// oldest request is closed, so that slow requests cannot block genuine deliveries.
const COMING = 64
const COMING_BYTES = 64 * 2 ** 20
// Time limit to receive a request, in milliseconds.
const SLOWEST = 10_000
// Maximum number of requests that wait for their reply.
const AT_ONCE = 64

export function createGate({ paths, id, answer }: GateOptions): LocalGate {
  const [secret, text] = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')]
  const proof = { path: `/.well-known/postern/${secret}`, text }
  const bodyOf = createBodies()
  let waiting = 0
  let strangers = 0
  const server = createServer(
    { requestTimeout: SLOWEST, headersTimeout: SLOWEST, connectionsCheckingInterval: 1000 },
    (request, response) => void serve(request, response).catch(() => response.destroy()),
  )
  // Closes requests for another protocol. Without this listener, node:http would serve such requests as normal ones.
  server.on('upgrade', (_request, socket) => socket.destroy())
  const gate = {
    server,
    proof,
    origin: '',
    get strangers() {
      return strangers
    },
  }
  return gate

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? '/'
    const path = target.split('?', 1)[0]!
    if (path === proof.path) return void response.end(proof.text)
    if (path === alivePath(id)) return void response.end(id)
    // Paths are not normalized: a path with `..`, `%2e` or a doubled slash, or an absolute URL, does not match.
    if (paths && !paths.has(path)) {
      strangers++
      return end(response, 404)
    }
    const body = await bodyOf(request)
    if (typeof body === 'number') return end(response, body)
    if (waiting >= AT_ONCE) return end(response, 503, { 'retry-after': '1' })
    waiting++
    try {
      const headers = pairs(request.rawHeaders)
      const origin = gate.origin || `http://${request.headers.host ?? 'localhost'}`
      const url = target.startsWith('/') ? `${origin}${target}` : target
      const reply = await answer({ method: request.method ?? 'POST', url, headers, body }, path)
      const lines = [...reply.headers, ['content-length', String(reply.body.byteLength)] as const]
      response.writeHead(reply.status, lines.flat())
      response.end(request.method === 'HEAD' ? undefined : reply.body)
    } finally {
      waiting--
    }
  }
}

function end(response: ServerResponse, status: number, more: OutgoingHttpHeaders = {}): void {
  response.writeHead(status, { ...more, 'content-length': 0, connection: 'close' }).end()
}

/** Creates a function that returns the body of a request, or a status code if the request is rejected. */
function createBodies(): (request: IncomingMessage) => Promise<Uint8Array | number> {
  const all = new Map<IncomingMessage, number>()
  return (request) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = []
      let size = 0
      all.set(request, size)
      dropOldest()
      const end = (body: Uint8Array | number): void => {
        all.delete(request)
        resolve(body)
      }
      request.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > MOST) return end(413)
        chunks.push(chunk)
        if (all.has(request)) all.set(request, size)
        dropOldest()
      })
      request.once('end', () => end(Buffer.concat(chunks)))
      request.once('close', () => end(408))
    })

  function dropOldest(): void {
    const bytes = (): number => [...all.values()].reduce((sum, size) => sum + size, 0)
    while (all.size > 1 && (all.size > COMING || bytes() > COMING_BYTES)) {
      const [oldest] = all.keys()
      all.delete(oldest!)
      oldest!.destroy()
    }
  }
}

export interface AppTarget {
  readonly to: URL
  /** True if the app gets its own host in the header `Host`, instead of the public host. */
  readonly rewriteHost: boolean
}

export interface AppAnswer extends GateReply {
  readonly down?: string
}

// Headers that are not forwarded, because they describe the incoming connection or are set again with the body.
const HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'content-length',
  'upgrade',
  'expect',
  'te',
  'trailer',
])
// Maximum time that a request waits for the app, in milliseconds. A development server may be restarting.
const HOLD = 8000
const SILENCE = 60_000

/**
 * Passes a delivery to the app. Bytes and headers are unchanged, except for headers of the connection. Never rejects.
 */
export async function handOn(
  { to, rewriteHost }: AppTarget,
  { method, url, headers, body }: PastDelivery,
  hold: number = HOLD,
): Promise<AppAnswer> {
  const kept = headers.filter(([name]) => !HOP.has(name.toLowerCase()))
  const own = rewriteHost
    ? [
        ...kept.filter(([name]) => !/^(?:host|x-forwarded-host)$/i.test(name)),
        ['host', to.host] as const,
        ['x-forwarded-host', new URL(url).host] as const,
      ]
    : kept
  const isEmpty = body.byteLength === 0 && (method === 'GET' || method === 'HEAD')
  const lines = isEmpty ? own : [...own, ['content-length', String(body.byteLength)] as const]
  const path = to.pathname + new URL(url).search
  const until = Date.now() + hold
  for (;;) {
    try {
      return await once(to, path, method, lines, body)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const isDown = code === 'ECONNREFUSED' || code === 'ENOTFOUND'
      if (isDown && Date.now() < until) {
        await wait(200)
        continue
      }
      const down = isDown
        ? `nothing listens at ${to.host}; start the app there`
        : `${to.host} gave no answer (${code ?? message})`
      return { status: 503, headers: [['retry-after', '10']], body: new Uint8Array(), down }
    }
  }
}

function once(
  to: URL,
  path: string,
  method: string,
  lines: Lines,
  body: Uint8Array,
): Promise<GateReply> {
  return new Promise((resolve, reject) => {
    const onward = call(
      {
        host: to.hostname.replace(/^\[|\]$/g, ''),
        port: to.port || 80,
        path,
        method,
        // A flat list preserves the case of header names, and keeps repeated headers apart.
        headers: lines.flat() as never,
        setHost: false,
        agent: false,
      },
      (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => void chunks.push(chunk))
        reply.once('error', reject)
        reply.once('end', () =>
          resolve({
            status: reply.statusCode ?? 502,
            headers: pairs(reply.rawHeaders).filter(([name]) => !HOP.has(name.toLowerCase())),
            body: Buffer.concat(chunks),
          }),
        )
      },
    )
    onward.setTimeout(SILENCE, () => onward.destroy(new Error(`none within ${SILENCE / 1000} s`)))
    onward.once('error', reject)
    onward.end(body)
  })
}

function pairs(raw: readonly string[]): Lines {
  return Array.from(
    { length: raw.length / 2 },
    (_, at) => [raw[2 * at]!, raw[2 * at + 1]!] as const,
  )
}
