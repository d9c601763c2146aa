import assert from 'node:assert/strict'
import { once } from 'node:events'
import { IncomingMessage } from 'node:http'
import { connect, Socket } from 'node:net'
import { acme, createStage, listen, type Mounted, type Stage } from '@postern/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createBodyReader, NodeHeaders, webhook } from '../src/index.ts'

const sender = acme({ secret: 'suite-secret-one' })

test('ends a request whose body came with its head, for what waits for its end or close', async () => {
  const stage = createStage('plain')
  const ended = Promise.withResolvers<unknown>()
  const mounted = await mount(stage, (request) => {
    ended.resolve(Promise.all([once(request, 'end'), once(request, 'close')]))
  })
  const socket = await open(mounted.url)
  socket.write(signed(mounted.url, '{}'))
  assert.match(await answer(socket), /^HTTP\/1\.1 200 /)
  await ended.promise
  await mounted.close()
})

test('takes one request after the other on one connection', async () => {
  const stage = createStage('plain')
  const mounted = await mount(stage)
  const socket = await open(mounted.url)
  for (const size of [10, 100_000, 10]) {
    const body = JSON.stringify({ size, text: 'ü'.repeat(size) })
    socket.write(signed(mounted.url, body))
    assert.match(await answer(socket), /^HTTP\/1\.1 200 /)
  }
  const { runs } = await stage.control('settled', 3)
  expect(runs.map(({ payload }) => (payload as { size: number }).size)).toEqual([10, 100_000, 10])
  await mounted.close()
})

test('takes two hundred requests that come at once, each with its own body', async () => {
  const stage = createStage('plain')
  const mounted = await mount(stage)
  const sockets = await Promise.all(Array.from({ length: 200 }, () => open(mounted.url)))
  // One sender disconnects early and must not block the others.
  const gone = await open(mounted.url)
  gone.write(signed(mounted.url, '{"number":-1}').slice(0, -3))
  gone.destroy()
  const answers = sockets.map(async (socket, number) => {
    socket.write(signed(mounted.url, JSON.stringify({ number })))
    return answer(socket)
  })
  for (const reply of await Promise.all(answers)) assert.match(reply, /^HTTP\/1\.1 200 /)
  const { runs } = await stage.control('settled', 200)
  const numbers = runs.map(({ payload }) => (payload as { number: number }).number)
  expect(numbers.toSorted((a, b) => a - b)).toEqual(sockets.map((_, number) => number))
  await mounted.close()
})

test('takes a request that was paused in the middle of its body', async () => {
  const stage = createStage('plain')
  const arrived = Promise.withResolvers<void>()
  const mounted = await mount(stage, (request) => {
    request.pause()
    arrived.resolve()
  })
  const socket = await open(mounted.url)
  const text = signed(mounted.url, '{"a":1}')
  socket.write(text.slice(0, -3))
  await arrived.promise
  socket.write(text.slice(-3))
  assert.match(await answer(socket), /^HTTP\/1\.1 200 /)
  await mounted.close()
})

test('cuts off what stops short of its length, after others that came in time', async () => {
  const stage = createStage('slow')
  const mounted = await mount(stage)
  const inTime = await open(mounted.url)
  const late = await open(mounted.url)
  inTime.write(signed(mounted.url, '{"in":"time"}'))
  assert.match(await answer(inTime), /^HTTP\/1\.1 200 /)
  late.write(signed(mounted.url, '{"too":"late"}').slice(0, -1))
  assert.match(await answer(late), /^HTTP\/1\.1 408 [^]*"body_timeout"/)
  inTime.write(signed(mounted.url, '{"in":"time again"}'))
  assert.match(await answer(inTime), /^HTTP\/1\.1 200 /)
  await mounted.close()
})

test('says so where somebody else begins to read', async () => {
  const request = new IncomingMessage(new Socket())
  request.push('{"a":1}')
  const { receiver } = createStage('plain')
  const signature = { 'x-acme-signature': 'sha256=00' }
  const headers = new NodeHeaders({ headers: signature, rawHeaders: [] })
  const url = 'https://example.com/'
  const admission = receiver.admit({ method: 'POST', url, headers })
  const reading = createBodyReader(receiver.limits.bodyTimeout)(request, admission)
  request.read()
  await expect(reading).rejects.toMatchObject({ code: 'body_consumed' })
})

async function mount(stage: Stage, before?: (request: IncomingMessage) => void): Promise<Mounted> {
  const take = webhook(stage.receiver)
  const mounted = await listen((request, response) => {
    before?.(request)
    take(request, response)
  })
  onTestFinished(mounted.close)
  return mounted
}

async function open(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function answer(socket: Socket): Promise<string> {
  const [part] = (await once(socket, 'data')) as [Buffer]
  return part.toString('latin1')
}

function signed(url: string, text: string): string {
  const { headers, body } = sender.sign!({ payload: {}, body: text, url })
  const lines = Object.entries({ ...headers, 'content-length': body.byteLength, host: 'localhost' })
  return `POST / HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${text}`
}
