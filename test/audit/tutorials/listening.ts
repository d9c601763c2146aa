import { createServer, type RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Starts a receiver on a free port of this machine, and prints its URL. */
export function listening(app: RequestListener | Server, path: string): void {
  const server = app instanceof Server ? app : createServer(app)
  server.listen(0, '127.0.0.1', () => {
    console.log(`listening http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
  })
}
