import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Reply } from '@postern/core'
import { linger } from './linger.ts'

/** Writes head and end itself: the extras of frameworks (ETag, content negotiation) cost more than verification. */
export function writeReply(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return
  const { status, body } = reply
  const headers: Record<string, string> = { ...reply.headers }
  if (status >= 200 && status !== 204 && status !== 304) headers['content-length'] = lengthOf(body)
  // node:http reads an unread body to its end, of any size, unless the connection ends.
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
