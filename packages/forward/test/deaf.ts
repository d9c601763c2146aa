import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'

/** Loopback address that never completes a connection. */
export interface Deaf {
  readonly url: string
  close(): Promise<void>
}

// Listens, but accepts nothing, because its event loop is blocked.
const LISTEN = `
  const { parentPort } = require('node:worker_threads')
  const server = require('node:net').createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

/** Opens a socket with a full connection queue, so that the system drops new connections. */
export async function openDeaf(): Promise<Deaf> {
  const worker = new Worker(LISTEN, { eval: true })
  const [port] = (await once(worker, 'message')) as [number]
  const queued: Socket[] = []
  // Linux queues one more than the backlog.
  for (let at = 0; at < 2; at++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    queued.push(socket)
    await once(socket, 'connect')
  }
  return {
    url: `http://127.0.0.1:${port}/in`,
    async close() {
      for (const socket of queued) socket.destroy()
      await worker.terminate()
    },
  }
}
