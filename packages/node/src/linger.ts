import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

// What a sender may still have under way when it is refused, and how long it may take to hear of it.
const BYTES = 1024 * 1024
const TIME = 1000

/**
 * Lets a connection that is to be closed end in stages (RFC 9112 section 9.6): the reply and the end go out, then what the
 * sender still writes is read and dropped for a while. node:http would close at once, and a sender that is still writing
 * would get a reset in place of its reply.
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
