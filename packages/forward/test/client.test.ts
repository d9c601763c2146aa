import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openDeaf } from './deaf.ts'
import { createScene, startSite } from './scene.ts'
import type { Manner } from './site.ts'

test.each<[string, Manner]>([
  ['no answer at all', () => {}],
  ['an answer that never begins its body', (_, __, response) => response.flushHeaders()],
])('%s counts as a failure, or as the status that came, in time', async (_, manner) => {
  const site = await startSite(manner)
  const scene = createScene({ to: site.url, timeout: 200, retry: { attempts: 1 } })
  await scene.send()
  await (manner.length === 0 ? scene.until('dead') : scene.until('done', 2))
})

test('a connection that does not come about is given up, long before the call as a whole', async () => {
  const deaf = await openDeaf()
  onTestFinished(() => deaf.close())
  const scene = createScene({
    to: { id: 'deaf', url: deaf.url },
    connectTimeout: 200,
    timeout: '1h',
    retry: { attempts: 1 },
  })
  await scene.send()
  expect(await scene.until('dead')).toContain('ConnectTimeoutError')
})

test.each([
  ['without end', {}],
  ['that says how long it is', { 'content-length': '1000000000' }],
])('an answer %s is cut off, and its connection alone is lost', async (_, headers) => {
  const long = await startSite((_got, _nth, response) => {
    response.writeHead(200, headers)
    response.on('drain', () => pour(response))
    pour(response)
  })
  const plain = await startSite()
  const scene = createScene({ to: [long.url, plain.url] })
  for (const [at, id] of ['a', 'b', 'c'].entries()) {
    await scene.send({ id })
    await scene.until('done', 3 * (at + 1))
  }
  expect([long.got.length, long.connections, plain.connections]).toEqual([3, 3, 1])
})

test.each([
  ['100', ['HTTP/1.1 100 Continue\r\n\r\n']],
  ['100 twice', ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 100 Continue\r\nx-a: 1\r\n\r\n']],
  ['102', ['HTTP/1.1 102 Processing\r\n\r\n']],
  ['103', ['HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n']],
  ['a number that nobody knows', ['HTTP/1.1 199 Soon\r\n\r\n']],
  ['several', [100, 102, 103, 110].map((status) => `HTTP/1.1 ${status} Soon\r\n\r\n`)],
])('interim answers that nobody asked for are passed over: %s', async (_, interim) => {
  const requests: string[] = []
  const to = await startRaw((socket) => {
    socket.on('data', (chunk) => {
      if (!chunk.includes('POST ')) return
      requests.push(String(chunk))
      for (const head of interim) socket.write(head)
      setImmediate(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'))
    })
  })
  const scene = createScene({ to, retry: { attempts: 1 } })
  for (const [at, id] of ['a', 'b'].entries()) {
    await scene.send({ id })
    await scene.until('done', 2 * (at + 1))
  }
  expect(requests).toHaveLength(2)
})

test('101 that nobody asked for is a failure at once', async () => {
  const to = await startRaw((socket) => {
    socket.on('data', () =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    )
  })
  const scene = createScene({ to, retry: { attempts: 1 } })
  await scene.send()
  expect(await scene.until('dead')).toContain('closed without a response')
})

test('interim answers without end are a failure in time', async () => {
  const to = await startRaw((socket) => {
    const pouring = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 5)
    socket.on('close', () => clearInterval(pouring))
  })
  const scene = createScene({ to, timeout: 200, retry: { attempts: 1 } })
  await scene.send()
  await scene.until('dead')
})

/** Starts a server of raw sockets that is closed after the test, and returns its URL. */
async function startRaw(handle: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    handle(socket)
  })
  onTestFinished(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

function pour(response: ServerResponse): void {
  while (!response.destroyed && response.write(Buffer.alloc(16_384)));
}
