import { once } from 'node:events'
import { Agent, createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import { createReceiver, memoryInbox, type Receiver } from '@postern/core'
import { acme } from '@postern/testing'
import { expect, test } from 'vitest'
import { closeOnSignal, webhook } from '../src/index.ts'

const secret = 'shared with acme'

test('busy keep-alive connections lose no request, and all is closed in order', async () => {
  const { server, receiver, inbox, handled, order } = await open()
  // If `Connection: close` comes while the server still listens, a sender reconnects, and the new connection may be
  // reset.
  let early = 0
  server.on('request', (_request, response) => {
    if (server.listening && response.getHeader('connection') === 'close') early++
  })
  const closing = closeOnSignal({
    server,
    receivers: [receiver],
    inboxes: [inbox],
    grace: '10s',
    exit: false,
  })
  const senders = Array.from({ length: 16 }, (_, at) => send(server, at))
  await Promise.all(senders.map(({ warm }) => warm))
  await closing.close()
  const results = await Promise.all(senders.map(({ ended }) => ended))
  const accepted = results.flatMap(({ accepted }) => accepted)
  expect(results.flatMap(({ other }) => other)).toEqual([])
  // A further request finds a server that accepts no connection, and is retried elsewhere.
  expect(new Set(results.map(({ end }) => end))).toEqual(new Set(['ECONNREFUSED']))
  expect(new Set(handled)).toEqual(new Set(accepted))
  expect(early).toBe(0)
  expect(order).toEqual(['server', 'receiver', 'inbox'])
})

test('a signal closes, and a receiver that hangs does not keep the rest from closing', async () => {
  const { server, inbox, order } = await open()
  const errors: unknown[] = []
  const hangs = { close: () => Promise.reject(new Error('cannot close')) }
  closeOnSignal({
    server,
    receivers: [hangs],
    inboxes: [inbox],
    grace: '5s',
    signals: ['SIGUSR2'],
    exit: false,
    onError: (error) => errors.push(error),
  })
  const closed = once(server, 'close')
  process.kill(process.pid, 'SIGUSR2')
  await closed
  while (!order.includes('inbox')) await new Promise(setImmediate)
  expect(errors.map(String)).toEqual(['Error: cannot close'])
})

test('several in one process share a listener, and all of them close', async () => {
  const warned: string[] = []
  const hear = ({ name }: Error): void => void warned.push(name)
  process.on('warning', hear)
  let closed = 0
  for (let at = 0; at < 30; at++)
    closeOnSignal({
      receivers: [{ close: async () => void closed++ }],
      signals: ['SIGUSR2'],
      exit: false,
    })
  expect(process.listenerCount('SIGUSR2')).toBe(1)
  process.kill(process.pid, 'SIGUSR2')
  while (closed < 30) await new Promise(setImmediate)
  while (process.listenerCount('SIGUSR2') > 0) await new Promise(setImmediate)
  process.off('warning', hear)
  expect(warned).toEqual([])
})

test('a request whose connection nobody has taken yet when it closes is answered', async () => {
  const { server, receiver, handled } = await open()
  const closing = closeOnSignal({ server, receivers: [receiver], exit: false })
  const count = 200
  const requests = Array.from({ length: count }, (_, at) => {
    const { headers, body } = acme({ secret }).sign!({ id: `${at}`, topic: 'ping', payload: {} })
    const head = {
      host: 'here',
      connection: 'close',
      'content-length': body.byteLength,
      ...headers,
    }
    const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`)
    return `POST / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${new TextDecoder().decode(body)}`
  })
  const written = new Int32Array(new SharedArrayBuffer(4))
  const { port } = server.address() as AddressInfo
  const worker = new Worker(new URL('sender.ts', import.meta.url), {
    workerData: { port, requests, written },
  })
  // The event loop is blocked, so only the kernel has accepted the connections.
  while (Atomics.load(written, 0) < count)
    Atomics.wait(written, 0, Atomics.load(written, 0), 10_000)
  const closed = closing.close()
  const [answers] = await once(worker, 'message')
  await closed
  expect(answers).toEqual(requests.map(() => 'HTTP/1.1 200 OK'))
  expect(handled).toHaveLength(count)
})

test('without a server, those that took a request are found', async () => {
  const { server, receiver, order } = await open()
  const closing = closeOnSignal({ receivers: [receiver], exit: false })
  const sender = send(server, 0)
  await sender.warm
  await closing.close()
  expect((await sender.ended).end).toBe('ECONNREFUSED')
  expect(order).toEqual(['server', 'receiver'])
})

test('an app with hooks of its own is closed last, when nothing uses what its hooks close', async () => {
  const { server, receiver, inbox, order } = await open()
  const app = { getHttpServer: () => server, close: async () => void order.push('app') }
  await closeOnSignal({ server: app, receivers: [receiver], inboxes: [inbox], exit: false }).close()
  expect(order).toEqual(['server', 'receiver', 'inbox', 'app'])
})

test.each<[options: object, says: string]>([
  [{ sever: {} }, 'did you mean server?'],
  [{ server: {} }, 'server must be'],
  [{ receivers: [undefined] }, 'must have a close()'],
  [{ grace: 'soon' }, 'grace'],
])('%j is a TypeError', (options, says) => {
  expect(() => closeOnSignal(options)).toThrow(TypeError)
  expect(() => closeOnSignal(options)).toThrow(says)
})

async function open(): Promise<{
  readonly server: Server
  readonly receiver: Receiver
  readonly inbox: ReturnType<typeof memoryInbox>
  readonly handled: string[]
  readonly order: string[]
}> {
  const handled: string[] = []
  const order: string[] = []
  const made = memoryInbox()
  const inbox = { ...made, close: () => (order.push('inbox'), made.close()) }
  const inner = createReceiver({ provider: acme({ secret }), inbox: made, log: false })
  inner.on('ping', (event) => void handled.push(event.id!))
  const receiver = {
    ...inner,
    close: (options?: object) => (order.push('receiver'), inner.close(options)),
  } as Receiver
  const server = createServer(webhook(inner))
  server.on('close', () => order.push('server'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, receiver, inbox, handled, order }
}

/** Sends deliveries in order on a keep-alive connection, until the server is gone. */
function send(
  server: Server,
  sender: number,
): {
  readonly warm: Promise<unknown>
  readonly ended: Promise<{ accepted: string[]; other: unknown[]; end: unknown }>
} {
  const { port } = server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const warm = Promise.withResolvers<void>()
  const accepted: string[] = []
  const other: unknown[] = []
  const ended = (async () => {
    for (let number = 0; ; number++) {
      const id = `${sender}-${number}`
      try {
        const status = await post(agent, port, id)
        if (status === 200) accepted.push(id)
        else other.push(status)
        if (number === 20) warm.resolve()
      } catch (error) {
        agent.destroy()
        return { accepted, other, end: (error as { code?: unknown }).code }
      }
    }
  })()
  return { warm: warm.promise, ended }
}

function post(agent: Agent, port: number, id: string): Promise<number> {
  const url = `http://127.0.0.1:${port}/`
  const signed = acme({ secret }).sign!({ topic: 'ping', id, payload: {}, url })
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST', agent, headers: signed.headers })
    request.on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode!))
    })
    request.on('error', reject)
    request.end(signed.body)
  })
}
