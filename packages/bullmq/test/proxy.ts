import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A way to Redis that can be held up and cut. */
export interface Proxy {
  readonly url: string
  /** Holds up everything in both directions once a client has sent this text, which still gets through. */
  holdAfter(text: string): Promise<void>
  /** Once a client has sent this text, which gets through, its connection breaks in place of the reply. */
  loseReplyTo(text: string): void
  /** Lets go on what was held up. */
  release(): void
  /** Holds up what waits for jobs: the workers behind claim nothing more, and their other connections go on. */
  stopClaims(): void
  /** Swallows every byte of the connections that are open, which nobody closes: half-open lines. New ones go through. */
  swallow(): void
  /** Breaks all connections; new ones go to another port. */
  toward(port: number): void
  /** Breaks all connections and rejects new ones, as if the process behind were dead. */
  cut(): void
  stop(): Promise<void>
}

/** Makes a proxy to a port of 127.0.0.1. */
export async function startProxy(first: number): Promise<Proxy> {
  let port = first
  const sockets = new Set<Socket>()
  let waiting: { readonly text: string; readonly seen: () => void } | undefined
  let holding = false
  let lost: string | undefined
  const losing = new WeakSet<Socket>()
  let claims = true
  const blocking = new Set<Socket>()
  const swallowed = new WeakSet<Socket>()
  let cut = false
  const server = createServer((client) => {
    if (cut) return void client.destroy()
    const redis = connect(port, '127.0.0.1')
    for (const socket of [client, redis]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        redis.destroy()
      })
      if (holding) socket.pause()
    }
    client.on('data', (chunk) => {
      if (swallowed.has(client)) return
      if (chunk.includes('bzpopmin')) {
        blocking.add(redis)
        if (!claims) redis.pause()
      }
      if (lost !== undefined && chunk.includes(lost)) {
        lost = undefined
        losing.add(client)
      }
      redis.write(chunk)
      if (!waiting || !chunk.includes(waiting.text)) return
      const { seen } = waiting
      waiting = undefined
      holding = true
      for (const socket of sockets) socket.pause()
      seen()
    })
    redis.on('data', (chunk) => {
      if (losing.has(client)) return void client.destroy()
      if (!swallowed.has(client)) client.write(chunk)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    holdAfter: (text) => new Promise((seen) => (waiting = { text, seen })),
    loseReplyTo: (text) => void (lost = text),
    release() {
      holding = false
      for (const socket of sockets) socket.resume()
    },
    stopClaims() {
      claims = false
      for (const socket of blocking) socket.pause()
    },
    swallow() {
      for (const socket of sockets) swallowed.add(socket)
    },
    toward(next) {
      port = next
      for (const socket of sockets) socket.destroy()
    },
    cut() {
      cut = true
      for (const socket of sockets) socket.destroy()
    },
    async stop() {
      cut = true
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
