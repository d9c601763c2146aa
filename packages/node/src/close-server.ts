import type { IncomingMessage, ServerResponse } from 'node:http'
import { settledBy } from '@postern/core'

/** A server of node:http, node:https or node:http2. */
export interface NodeServer {
  close(ended?: (error?: Error) => void): unknown
  /** Not of node:http2. */
  closeIdleConnections?(): void
  prependListener(event: 'request', listener: (...given: any[]) => void): unknown
  on(event: 'connection', listener: () => void): unknown
  off(event: 'connection', listener: () => void): unknown
}

// Milliseconds: for so long connections that wait are taken; a sender that opens one for each request never stops.
const TAKING = 1000
// A turn of the event loop that took longer was held: others may have come meanwhile.
const BRIEF = 1

/**
 * Resolves when the last connection has ended, or soon after `until`. A keep-alive connection ends with its next
 * response: to end it earlier would lose a request that its sender is writing.
 */
export async function closeServer(server: NodeServer, until: number): Promise<void> {
  await takeWaiting(server, Math.min(until, performance.now() + TAKING))
  const closed = new Promise<void>((resolve, reject) => {
    // close() ends idle connections at once, by this method (Node 19 and later).
    Object.defineProperty(server, 'closeIdleConnections', { value: () => {}, configurable: true })
    server.close((error) =>
      error && (error as { code?: string }).code !== 'ERR_SERVER_NOT_RUNNING'
        ? reject(error)
        : resolve(),
    )
    Reflect.deleteProperty(server, 'closeIdleConnections')
  })
  // Not before: a sender that is told so while the server still listens comes back, on a connection that nobody takes.
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.httpVersionMajor === 1) response.setHeader('connection', 'close')
  })
  if (await settledBy(closed, until)) return closed
  server.closeIdleConnections?.()
}

/**
 * Connections that the kernel has taken wait for a turn of the event loop, one for each since libuv 1.46: closed before
 * it, they would be reset with their requests.
 */
async function takeWaiting(server: NodeServer, until: number): Promise<void> {
  let taken: number
  let from: number
  const count = (): void => void taken++
  server.on('connection', count)
  // The first ends the turn that is on.
  await new Promise(setImmediate)
  do {
    taken = 0
    from = performance.now()
    await new Promise(setImmediate)
  } while ((taken > 0 || performance.now() - from > BRIEF) && performance.now() < until)
  server.off('connection', count)
}
