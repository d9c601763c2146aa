import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AcceptWithin } from '@postern/core/engine'
import {
  checkMounting,
  handlerMade,
  urlJoiner,
  toPublicUrl,
  type Admission,
  checkJson,
  toWebhookError,
  type HeaderLines,
} from '@postern/core/internal'
import type { Json, Reply, Receiver } from '@postern/core'
import {
  createBodyReader,
  emptyBody,
  hasBody,
  recoverBody,
  type ParsedRequest,
} from './read-body.ts'
import { forwarded, type TrustProxy } from './forwarded.ts'
import type { Socket } from 'node:net'

/** Options of all adapters on node:http. `Subject` is the framework's request object. */
export interface WebhookOptions<Subject = IncomingMessage> extends UrlOptions {
  /** Small JSON value that is stored with each event (`event.context`) and passed to functions that look up secrets. */
  readonly context?: (subject: Subject) => Json | undefined
  /**
   * Accepts events in a transaction of your app. Start a transaction, await `accept(inTransaction(…))` in it, then
   * commit. This function is called only for verified deliveries, and the reply waits for its promise. If the promise
   * rejects, the sender is asked to try again.
   *
   * @example
   * transaction: (accept) => db.transaction((tx) => accept(inTransaction(drizzleSql(tx))))
   */
  readonly transaction?: (accept: AcceptWithin, subject: Subject) => Promise<unknown>
}

const OPTIONS: readonly (keyof WebhookOptions)[] = [
  'context',
  'transaction',
  'publicBase',
  'trustProxy',
]

/**
 * Functions with which the bridge reads a request of the framework. Each adapter has its own, since frameworks store
 * the same data in different places.
 */
export interface BridgeHost<Subject> {
  /** Returns the path and query of the request as sent, including a prefix that a router removed. */
  readonly target: (subject: Subject) => string
  /** Returns the object that holds a body parser's result. */
  readonly parsed: (subject: Subject) => ParsedRequest
  /** Returns advice to log if other code has read the body, such as "mount the route before express.json()". */
  readonly remedy: (subject: Subject) => string
}

/** Passes one request of node:http to the receiver and answers it. The promise never rejects. */
export type Bridge<Subject> = (
  request: IncomingMessage,
  response: ServerResponse,
  subject: Subject,
) => Promise<void>

/**
 * Creates the bridge from node:http to a receiver, for adapters of frameworks that use node:http. The bridge reads
 * method, body and URL, calls `receive`, and writes the reply to the response. It answers every request, and never
 * throws because of a request's content.
 *
 * @throws {TypeError} if an option is wrong.
 */
export function createBridge<Subject>(
  receiver: Mountable,
  options: WebhookOptions<Subject>,
  host: BridgeHost<Subject>,
): Bridge<Subject> {
  checkMounting(receiver, options, OPTIONS)
  const urlOf = requestUrl(options)
  const join = urlJoiner()
  const read = createBodyReader(receiver.limits.bodyTimeout)
  const { context: contextOf, transaction } = options
  const called = handlerMade(
    receiver,
    'give what webhook(receiver) returns to the route, app.all(path, webhook(receiver)), or call it, webhook(receiver)(request, response)',
  )

  return async function bridge(request, response, subject) {
    called()
    const method = request.method ?? 'GET'
    const target = host.target(subject)
    // If the host of the request is invalid, `urlOf` throws, and the rejection uses this URL.
    let url = join('http', 'localhost', target)
    let reply: Reply
    let admission: Admission | undefined
    const headers = new NodeHeaders(request)
    try {
      url = urlOf(request, target)
      admission = receiver.admit({ method, url, headers })
      const context = contextOf && checkJson(contextOf(subject), 'context')
      const body = bodyAtHand(request, subject) ?? (await read(request, admission))
      reply = await receiver.receive(
        context === undefined
          ? { method, url, headers, body }
          : { method, url, headers, body, context },
        transaction ? { admission, transaction: transactionOf(subject) } : { admission },
      )
    } catch (error) {
      admission?.release()
      reply = receiver.reject({ method, url, headers }, toWebhookError(error))
    }
    try {
      writeReply(request, response, reply)
    } catch (error) {
      // The app's own reply has a header or status that HTTP does not allow.
      writeReply(
        request,
        response,
        receiver.reject({ method, url }, toWebhookError(error, 'answer_failed')),
      )
    }
  }

  // This is a separate function: in the caller, V8 would allocate the closure for each request, even without a
  // transaction.
  function transactionOf(subject: Subject): (accept: AcceptWithin) => Promise<unknown> {
    return (accept) => transaction!(accept, subject)
  }

  function bodyAtHand(request: IncomingMessage, subject: Subject): Uint8Array | undefined {
    const recovered = recoverBody(request, host.parsed(subject), host.remedy, subject)
    return recovered ?? (hasBody(request) ? undefined : emptyBody())
  }
}

/** Members of a receiver that adapters use. */
export type Mountable = Pick<Receiver, 'admit' | 'receive' | 'reject' | 'limits'>

const NONE: readonly string[] = []

/** Reads headers of a node:http request in place, without copying them and without retaining the request. */
export class NodeHeaders implements HeaderLines {
  readonly #headers: IncomingMessage['headers']
  readonly #raw: readonly string[]

  constructor(request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>) {
    this.#headers = request.headers
    this.#raw = request.rawHeaders
  }

  get(name: string): string | undefined {
    const value: unknown = this.#headers[name]
    // `#headers` is a plain object, so the name `constructor` finds an inherited member that is not a string.
    return typeof value === 'string' ? value : Array.isArray(value) ? String(value[0]) : undefined
  }

  all(name: string): readonly string[] {
    const raw = this.#raw
    // Some serverless platforms emulate requests without `rawHeaders`.
    if (raw.length === 0) return this.#record(name)
    let values: string[] | undefined
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const line = raw[at]!
      if (line.length !== name.length || line.toLowerCase() !== name) continue
      // A list literal, because most headers have one value, and V8 allocates 17 slots when an empty list grows.
      if (values) values.push(raw[at + 1]!)
      else values = [raw[at + 1]!]
    }
    return values ?? NONE
  }

  lines(): readonly (readonly [string, string])[] {
    const raw = this.#raw
    const lines: (readonly [string, string])[] = []
    if (raw.length === 0) {
      for (const name of Object.keys(this.#headers))
        for (const value of this.#record(name)) lines.push([name, value])
    }
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = raw[at]!.toLowerCase()
      // In HTTP/2, the headers also contain `:method` and `:path`.
      if (!name.startsWith(':')) lines.push([name, raw[at + 1]!])
    }
    return lines
  }

  #record(name: string): readonly string[] {
    const value: unknown = this.#headers[name]
    return typeof value === 'string' ? [value] : Array.isArray(value) ? value.map(String) : []
  }
}

/** Options of the URL that the sender used, for senders that sign it. */
export interface UrlOptions {
  /**
   * Scheme, host and optional path prefix that senders use, such as `https://example.com/api`. The request's path and
   * query are appended. Set `publicBase` if a proxy changes scheme, host or path. @default the origin of the request
   */
  readonly publicBase?: string
  /**
   * Trusted proxies, and the headers in which they forward the origin. `{ hops: 1, headers: ['x-forwarded-proto',
   * 'x-forwarded-host'] }` trusts one proxy and these two headers. @default false
   */
  readonly trustProxy?: TrustProxy | false
}

/**
 * Creates a function that returns the absolute URL of a request. The function throws `malformed_url` if `Host` is
 * invalid.
 *
 * @throws {TypeError} if an option is wrong.
 */
export function requestUrl(
  options: UrlOptions,
): (request: IncomingMessage, target: string) => string {
  const { publicBase } = options
  if (publicBase !== undefined) {
    const rebase = toPublicUrl(publicBase)
    return (_, target) => rebase(target)
  }
  const { trustProxy = false } = options
  const originOf = trustProxy === false ? undefined : forwarded(trustProxy)
  const join = urlJoiner()
  return (request, target) => {
    const encrypted = (request.socket as { encrypted?: boolean } | undefined)?.encrypted === true
    const { headers } = request
    const own = headers.host ?? (headers[':authority'] as string | undefined) ?? 'localhost'
    const origin = originOf?.(request)
    const scheme = origin?.proto ?? (encrypted ? 'https' : 'http')
    return join(scheme, origin?.host ?? own, target, origin?.prefix)
  }
}

/** Writes the reply directly: framework features (ETag, content negotiation) cost more than verification. */
export function writeReply(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return
  const { status, body } = reply
  const headers: Record<string, string> = { ...reply.headers }
  if (status >= 200 && status !== 204 && status !== 304) headers['content-length'] = lengthOf(body)
  // Unless the connection is closed, node:http would read the rest of the body, whatever its size.
  if (status >= 400 && unread(request)) {
    headers['connection'] = 'close'
    linger(request)
  }
  response.writeHead(status, headers)
  response.end(body)
}

function lengthOf(body: Reply['body']): string {
  if (body === undefined) return '0'
  return String(typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength)
}

function unread(request: IncomingMessage): boolean {
  return (
    !request.complete &&
    (request.headers['transfer-encoding'] !== undefined ||
      request.headers['content-length'] !== undefined)
  )
}

// Maximum number of bytes to read after a rejection, and milliseconds that the sender has to read the reply.
const BYTES = 1024 * 1024
const TIME = 1000

/**
 * Makes a connection close in stages (RFC 9112, section 9.6). First the reply and the end are sent, then further bytes
 * are read and dropped for a while. node:http would close immediately. A sender that is still writing would then get a
 * reset instead of the reply.
 */
function linger(request: IncomingMessage): void {
  const socket = request.socket as Socket | undefined
  if (request.httpVersionMajor > 1 || !socket?.destroySoon) return
  let dropped = 0
  socket.destroySoon = () => {
    socket.end()
    const timer = setTimeout(() => socket.destroy(), TIME)
    socket.once('close', () => clearTimeout(timer))
    request.on('data', (part: Buffer) => {
      dropped += part.byteLength
      if (dropped > BYTES) request.pause()
    })
  }
}
