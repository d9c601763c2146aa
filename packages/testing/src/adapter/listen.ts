import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Mounted } from './scene.ts'

/** Lets a listener of node:http, or a server made elsewhere, listen on a free port of this machine. */
export async function listen(
  app: ((request: IncomingMessage, response: ServerResponse) => unknown) | Server,
  path = '/',
): Promise<Mounted> {
  const server =
    typeof app === 'function'
      ? createServer((request, response) => void app(request, response))
      : app
  if (!server.listening) {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
  }
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
