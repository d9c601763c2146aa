import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

// Bytes that are still read after a refusal, and the longest time until the sender has read its reply.
const BYTES = 1024 * 1024
const TIME = 1000

/**
 * Closes a connection in stages (RFC 9112 section 9.6): the reply and the end go out, then further bytes of the sender are
 * read and dropped for a while. node:http would close at once: a sender that still writes would get a reset in place of
 * its reply.
 */
export function linger(request: IncomingMessage): void {
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
