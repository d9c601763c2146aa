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

// Turns of the event loop in which waiting connections are taken: under steady load some come in each.
const TURNS = 10

/**
 * Resolves when the last connection has ended, or soon after `until`. A keep-alive connection ends with its next
 * response: to end it earlier would lose a request that its sender is writing.
 */
export async function closeServer(server: NodeServer, until: number): Promise<void> {
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.httpVersionMajor === 1) response.setHeader('connection', 'close')
  })
  await takeWaiting(server)
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
  if (await settledBy(closed, until)) return closed
  server.closeIdleConnections?.()
}

/** Connections that the kernel has taken wait for a turn of the event loop: closed before it, they would be reset with their requests. */
async function takeWaiting(server: NodeServer): Promise<void> {
  let taken = 0
  const count = (): void => void taken++
  server.on('connection', count)
  for (let turn = 0; turn < TURNS; turn++) {
    taken = 0
    // The first ends the turn that is on.
    for (let ends = 0; ends < 2; ends++) await new Promise(setImmediate)
    if (taken === 0) break
  }
  server.off('connection', count)
}
