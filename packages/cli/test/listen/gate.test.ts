import { connect } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGate, handOn, type LocalGate } from '../../src/listen/gate.ts'
import type { PastDelivery } from '../../src/send/again.ts'
import { alivePath } from '../../src/listen/session.ts'

let gate: LocalGate
let port = 0
const came: PastDelivery[] = []
beforeAll(async () => {
  gate = createGate({
    id: 'the-session',
    paths: new Set(['/webhooks/stripe']),
    async answer(delivery) {
      came.push(delivery)
      return { status: 200, headers: [['x-from', 'receiver']], body: Buffer.from('taken') }
    },
  })
  gate.server.listen(0, '127.0.0.1')
  await once(gate.server, 'listening')
  port = (gate.server.address() as AddressInfo).port
})
afterAll(() => gate.server.close())

async function raw(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let got = ''
  socket.on('data', (more) => void (got += String(more)))
  socket.on('error', () => undefined)
  socket.write(text)
  await once(socket, 'close')
  return got
}

const END = 'Host: x\r\nConnection: close\r\n'
const get = (target: string): string => `GET ${target} HTTP/1.1\r\n${END}\r\n`
const post = (target: string, body = '{}'): string =>
  `POST ${target} HTTP/1.1\r\n${END}Content-Length: ${body.length}\r\n\r\n${body}`

test.for([
  '/admin',
  '/',
  '/webhooks',
  '/webhooks/stripe/',
  '/webhooks/stripe/..',
  '/webhooks/stripe/../../admin',
  '//webhooks/stripe',
  '/webhooks//stripe',
  '/./webhooks/stripe',
  '/webhooks/%73tripe',
  '/webhooks%2fstripe',
  '/webhooks/stripe%00',
  '/webhooks/stripe;/../admin',
  '/webhooks/stripe\\..\\admin',
  '/WEBHOOKS/STRIPE',
  '/webhooks/stripe#x',
  'http://localhost/admin',
  'http://evil.example/webhooks/stripe',
  '/.well-known/postern/0000',
  '/.well-known/postern/session/another',
  '*',
])('a stranger with the URL gets 404 at %s', async (target) => {
  const count = came.length
  expect(await raw(get(target))).toMatch(/^HTTP\/1\.1 404 /)
  expect(await raw(post(target))).toMatch(/^HTTP\/1\.1 404 /)
  expect(came).toHaveLength(count)
})

test.for([
  [
    'a length and chunks',
    `POST /webhooks/stripe HTTP/1.1\r\n${END}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${get('/admin')}`,
  ],
  [
    'two lengths',
    `POST /webhooks/stripe HTTP/1.1\r\n${END}Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcd`,
  ],
  [
    'a length that is none',
    `POST /webhooks/stripe HTTP/1.1\r\n${END}Content-Length: 0x4\r\n\r\nabcd`,
  ],
  [
    'a coding that is none',
    `POST /webhooks/stripe HTTP/1.1\r\n${END}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'a header with a space',
    `POST /webhooks/stripe HTTP/1.1\r\n${END}Content-Length : 4\r\n\r\nabcd`,
  ],
  [
    'a folded header',
    `POST /webhooks/stripe HTTP/1.1\r\nX: a\r\n b: c\r\nTransfer-Encoding:\r\n chunked\r\n${END}\r\n0\r\n\r\n`,
  ],
  [
    'another protocol',
    `GET /webhooks/stripe HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
  ],
  ['a tunnel', 'CONNECT localhost:22 HTTP/1.1\r\nHost: x\r\n\r\n'],
] as const)('%s is rejected or closed, and nothing behind it is served', async ([, text]) => {
  const count = came.length
  const reply = await raw(text)
  expect(reply).not.toMatch(/HTTP\/1\.1 (?:2|3)/)
  expect((reply.match(/HTTP\/1\.1/g) ?? []).length).toBeLessThanOrEqual(1)
  expect(came).toHaveLength(count)
})

test('a second request on the connection is judged as the first', async () => {
  const first = `POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`
  const replies = (await raw(first + get('/admin'))).match(/HTTP\/1\.1 \d+/g)
  expect(replies).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404'])
})

test('bytes, names, order and repeats of headers come as they were', async () => {
  const head = `POST /webhooks/stripe?a=1 HTTP/1.1\r\nHost: x.example\r\nX-Two: 1\r\nx-two: 2\r\nConnection: close\r\n`
  const reply = await raw(
    `${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n3\r\na"}\r\n0\r\n\r\n`,
  )
  expect(reply).toContain('taken')
  const { url, headers, body } = came.at(-1)!
  expect(url).toBe('http://x.example/webhooks/stripe?a=1')
  expect(headers).toEqual([
    ['Host', 'x.example'],
    ['X-Two', '1'],
    ['x-two', '2'],
    ['Connection', 'close'],
    ['Transfer-Encoding', 'chunked'],
  ])
  expect(Buffer.from(body).toString()).toBe('{"a"}')
})

test('slow bodies of strangers keep no genuine delivery out', async () => {
  const slow = Array.from({ length: 200 }, () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(`POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx`)
    return socket
  })
  // The server closes the oldest of these connections to accept new ones.
  await Promise.race(slow.map((socket) => once(socket, 'close')))
  expect(await raw(post('/webhooks/stripe'))).toMatch(/^HTTP\/1\.1 200 /)
  for (const socket of slow) socket.destroy()
})

test('a body beyond 25 MiB gets 413', async () => {
  const size = 25 * 2 ** 20 + 1
  const text = `POST /webhooks/stripe HTTP/1.1\r\n${END}Content-Length: ${size}\r\n\r\n${'x'.repeat(size)}`
  expect(await raw(text)).toMatch(/^HTTP\/1\.1 413 |^$/)
})

test('its own proofs are answered by their exact secret paths alone', async () => {
  expect(await raw(get(gate.proof.path))).toContain(gate.proof.text)
  expect(await raw(get(alivePath('the-session')))).toContain('the-session')
})

test('an app that is down is told, and an app that breaks off too', async () => {
  const delivery = {
    method: 'POST',
    url: 'https://x.example/h?q=1',
    headers: [],
    body: Buffer.from('{}'),
  }
  const target = { to: new URL('http://127.0.0.1:9/h'), rewriteHost: false }
  expect(await handOn(target, delivery, 0)).toMatchObject({
    status: 503,
    down: 'nothing listens at 127.0.0.1:9; start the app there',
  })
})

test('the app sees the public host, or its own with the public one beside it', async () => {
  const count = came.length
  const delivery = {
    method: 'POST',
    url: 'https://x.example/webhooks/stripe',
    headers: [
      ['Host', 'x.example'],
      ['Expect', '100-continue'],
    ] as const,
    body: Buffer.from('{}'),
  }
  const to = new URL(`http://127.0.0.1:${port}/webhooks/stripe`)
  for (const rewriteHost of [false, true])
    expect(await handOn({ to, rewriteHost }, delivery, 0)).toMatchObject({ status: 200 })
  const [same, own] = came
    .slice(count)
    .map(({ headers }) => new Map(headers.map(([name, value]) => [name.toLowerCase(), value])))
  expect([same!.get('host'), same!.has('expect')]).toEqual(['x.example', false])
  expect([own!.get('host'), own!.get('x-forwarded-host')]).toEqual([to.host, 'x.example'])
})
