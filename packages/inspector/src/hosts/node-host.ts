import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { readBounded } from '@postern/core/internal'
import { readText, type InspectorReply, type InspectorRequest } from '../request.ts'
import { consumed } from './web.ts'

const compressed = promisify(gzip)
// Replies with fewer bytes are not compressed: they fit into one network packet anyway.
const SMALL = 1400
// Maximum bytes of a `Response` that `auth` returns, such as the app's login page.
const MOST = 32 * 1024 * 1024

interface NodeHost {
  readonly mount?: string | undefined
  /** Returns the value that a body parser of the app has made. */
  readonly parsed?: () => unknown
}

export function nodeRequest<Own extends readonly unknown[]>(
  message: IncomingMessage,
  target: string,
  own: Own,
  isAnswered: () => boolean,
  { mount, parsed = () => undefined }: NodeHost = {},
): InspectorRequest<Own> {
  const { socket, headers } = message
  return {
    method: message.method ?? 'GET',
    target,
    header(name) {
      // HTTP/2 sends the host as `:authority`.
      const value = headers[name] ?? (name === 'host' ? headers[':authority'] : undefined)
      return typeof value === 'object' ? value.join(', ') : value
    },
    peer: socket.remoteAddress ?? '',
    port: socket.localPort,
    mount,
    isEncrypted: (socket as { encrypted?: boolean }).encrypted === true,
    async body(most) {
      if (!message.readableDidRead && !message.readableEnded) return readText(message, most)
      const body = parsed()
      if (body === undefined) throw consumed()
      return body
    },
    own,
    isAnswered,
    canCompress: /\bgzip\b/.test(String(headers['accept-encoding'] ?? '')),
  }
}

/** Writes the reply. Does nothing if `auth` has already replied. */
export async function writeNode(
  response: ServerResponse,
  given: InspectorReply | Response | undefined,
  request: InspectorRequest,
): Promise<void> {
  if (given === undefined || response.headersSent) return
  const { status, headers, body } = await finished(given, request)
  // The app may have set the length of another body before.
  response.removeHeader('content-length')
  if (body instanceof Readable) {
    response.writeHead(status, headers)
    // Errors are ignored: either the client has gone, or it notices that the file is incomplete.
    if (request.method !== 'HEAD') return pipeline(body, response).catch(() => undefined)
    response.end()
    return
  }
  response.writeHead(status, { ...headers, 'content-length': String(body.byteLength) })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/**
 * Returns the reply in the form to send. Text is compressed if the client accepts gzip. A `Response` of the app is read
 * to its end.
 */
export async function finished(
  given: InspectorReply | Response,
  request: InspectorRequest,
): Promise<{
  readonly status: number
  readonly headers: Record<string, string | string[]>
  readonly body: Uint8Array | Readable
}> {
  if ('arrayBuffer' in given) {
    const headers: Record<string, string | string[]> = Object.fromEntries(given.headers)
    const cookies = given.headers.getSetCookie()
    if (cookies.length > 0) headers['set-cookie'] = cookies
    return { status: given.status, headers, body: await readBounded(given.body, MOST) }
  }
  const { status, headers } = given
  if (typeof given.body === 'object' && !ArrayBuffer.isView(given.body))
    return { status, headers: { ...headers }, body: Readable.from(given.body) }
  const body = typeof given.body === 'string' ? Buffer.from(given.body) : given.body
  if (!request.canCompress || body.byteLength < SMALL)
    return { status, headers: { ...headers }, body }
  return {
    status,
    headers: { ...headers, 'content-encoding': 'gzip', vary: 'accept-encoding' },
    body: await compressed(body),
  }
}
