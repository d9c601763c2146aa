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
  /** The paths that are let through, compared as they are written. Undefined lets every path through: only this machine comes. */
  readonly paths: ReadonlySet<string> | undefined
  /** A later session asks for this id, to see whether this one is still running. */
  readonly id: string
  /** Answers a whole request that came for a path. */
  readonly answer: (delivery: PastDelivery, path: string) => Promise<GateReply>
}

/** The end of a tunnel on this machine: strangers reach one exact path for each receiver, and nothing else. */
export interface LocalGate {
  readonly server: Server
  /** The path that proves that a URL leads here, and the text that is answered there. */
  readonly proof: { readonly path: string; readonly text: string }
  /** Scheme and host, as senders have them; empty without a public URL. */
  origin: string
  readonly strangers: number
}

const MOST = 25 * 2 ** 20
// Bodies that still come, and their bytes. Beyond, the oldest is dropped, so that slow ones keep no genuine delivery out.
const COMING = 64
const COMING_BYTES = 64 * 2 ** 20
// Milliseconds for a whole request.
const SLOWEST = 10_000
// Requests that wait for their reply.
const AT_ONCE = 64

export function createGate({ paths, id, answer }: GateOptions): LocalGate {
  const [secret, text] = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')]
  const proof = { path: `/.well-known/postern/${secret}`, text }
  const coming = createComing()
  let waiting = 0
  let strangers = 0
  const server = createServer(
    { requestTimeout: SLOWEST, headersTimeout: SLOWEST, connectionsCheckingInterval: 1000 },
    (request, response) => void serve(request, response).catch(() => response.destroy()),
  )
  // Without a listener node:http would serve the request as if it asked for no other protocol.
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
    // `..`, `%2e`, a doubled slash and a whole URL are other paths.
    if (paths && !paths.has(path)) {
      strangers++
      return end(response, 404)
    }
    const body = await coming.read(request)
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

interface Coming {
  /** The body of a request; a status if it is rejected. */
  read(request: IncomingMessage): Promise<Uint8Array | number>
}

function createComing(): Coming {
  const all = new Map<IncomingMessage, number>()
  return {
    read: async (request) =>
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
      }),
  }

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
  /** True if the app sees its own host in place of the public one. */
  readonly rewriteHost: boolean
}

export interface AppAnswer extends GateReply {
  /** Why nothing answered, for people. */
  readonly down?: string
}

// Of the connection, or made again with the bytes.
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
// A development server that restarts: a request waits for it, in milliseconds.
const HOLD = 8000
const SILENCE = 60_000

/** Hands a delivery to the app: bytes and headers as they came, less those of the connection. It does not reject. */
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
        // A list keeps names as they came, and repeats apart.
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
