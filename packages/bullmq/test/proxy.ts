import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A proxy in front of Redis that can delay, lose or break its connections. */
export interface Proxy {
  readonly url: string
  /** Once a client has sent this text, forwards the text, and then holds back all bytes in both directions. */
  holdAfter(text: string): Promise<void>
  /** Once a client has sent this text, forwards the text, and then breaks the connection before the reply. */
  loseReplyTo(text: string): void
  /** Forwards the bytes that were held back. */
  release(): void
  /** Holds back the commands that wait for jobs, so that workers claim nothing more. Other connections work. */
  stopClaims(): void
  /** Loses all bytes of the open connections without closing them, so that they are half-open. New connections work. */
  swallow(): void
  /** Breaks all connections, and forwards new ones to another port. */
  toward(port: number): void
  /** Breaks all connections and rejects new ones, as if Redis were dead. */
  cut(): void
  stop(): Promise<void>
}

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
