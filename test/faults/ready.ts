import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Receiver } from '@postern/core'
import { webhook } from '@postern/node'

/** Serves a receiver on a free port, and prints `ready <port>` for `launch`. `handle` gets the requests instead of it. */
export function serve(receiver: Receiver, handle: RequestListener = webhook(receiver)): Server {
  const server = createServer(handle)
  return server.listen(0, '127.0.0.1', () => {
    console.log(`ready ${(server.address() as AddressInfo).port}`)
  })
}
