import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Reply } from '@postern/core'
import type { Socket } from 'node:net'

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

// Bytes that are still read after a refusal, and the longest time until the sender has read its reply.
const BYTES = 1024 * 1024
const TIME = 1000

/**
 * Closes a connection in stages (RFC 9112 section 9.6): the reply and the end go out, then further bytes of the sender are
 * read and dropped for a while. node:http would close at once: a sender that still writes would get a reset in place of
 * its reply.
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
