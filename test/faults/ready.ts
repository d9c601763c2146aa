import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Receiver } from '@postern/core'
import { webhook } from '@postern/node'

/**
 * Serves a receiver on a free port and prints `ready <port>`, which `launch` waits for. `handle` replaces the request
 * listener.
 */
export function serve(receiver: Receiver, handle: RequestListener = webhook(receiver)): Server {
  const server = createServer(handle)
  return server.listen(0, '127.0.0.1', () => {
    console.log(`ready ${(server.address() as AddressInfo).port}`)
  })
}
