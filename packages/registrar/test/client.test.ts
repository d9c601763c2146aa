import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { senderCall, type ApiCall } from '../src/common/client.ts'
import type { ApiOptions } from '../src/common/options.ts'

const TOKEN = 'a-token-0123456789abcdef'
let answers: ((request: IncomingMessage, response: ServerResponse) => void)[] = []
let seen: string[] = []
let waits: number[] = []
let server: ReturnType<typeof createServer>
let api: string

beforeEach(async () => {
  answers = []
  seen = []
  waits = []
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    const next = answers.shift()
    if (next) next(request, response)
    else response.end('{"fine":true}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
})

function client(more: ApiOptions = {}): ApiCall {
  const options = { token: TOKEN, api, wait: async (time: number) => void waits.push(time) }
  return senderCall('lineRegistrar', { ...options, ...more }, { title: 'Octo', api })
}

function status(code: number, headers: Record<string, string> = {}, body = '{}') {
  return (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(code, headers)
    response.end(body)
  }
}

function cut(request: IncomingMessage): void {
  request.socket.destroy()
}

test('sends a GET again after a lost connection and a 5xx, and gives the answer', async () => {
  answers = [cut, status(502), status(503, { 'retry-after': '7' })]
  expect((await client()('GET', '/a')).json).toEqual({ fine: true })
  expect(waits).toEqual([500, 1000, 7000])
})

test('never sends a POST again that the sender may have taken', async () => {
  answers = [cut]
  await expect(client()('POST', '/a', { json: {} })).rejects.toMatchObject({ code: 'unavailable' })
  answers = [status(500)]
  await expect(client()('POST', '/a', { json: {} })).rejects.toMatchObject({ code: 'unavailable' })
  expect(seen).toEqual(['POST /a', 'POST /a'])
  expect(waits).toEqual([])
  // After 429 the request had no effect.
  answers = [status(429, { 'retry-after': '1' })]
  await client()('POST', '/a', { json: {} })
  expect(waits).toEqual([1000])
})

test('waits in all no longer than patience, and gives up after five attempts', async () => {
  answers = Array.from({ length: 9 }, () => status(429, { 'retry-after': '2' }))
  const rejected = client({ patience: 5000 })('GET', '/a')
  await expect(rejected).rejects.toMatchObject({
    code: 'rate_limited',
    status: 429,
    retryAfter: 2000,
  })
  expect(waits).toEqual([2000, 2000])
  answers = Array.from({ length: 9 }, () => status(500))
  await expect(client()('GET', '/a')).rejects.toMatchObject({ code: 'unavailable', status: 500 })
  expect(seen).toHaveLength(3 + 5)
})

test('follows no redirect: the token would go along', async () => {
  answers = [status(302, { location: `${api}/elsewhere` })]
  await expect(client()('GET', '/a')).rejects.toMatchObject({ code: 'unexpected', status: 302 })
  expect(seen).toEqual(['GET /a'])
})

test.each(['/a/../b', '/a/%2e%2e/b', '/a?all=true', '/a#b'])(
  'sends nothing to the path %s',
  async (path) => {
    await expect(client()('DELETE', path)).rejects.toMatchObject({ code: 'invalid' })
    expect(seen).toEqual([])
  },
)

test('ends a request that takes too long, and names the time', async () => {
  const hold = (): void => {}
  answers = [hold]
  const late = client({ timeout: 50 })('POST', '/a', { json: {} })
  await expect(late).rejects.toThrow('Octo: POST /a: no answer within 50 ms')
})

test('hides tokens and secrets that a sender repeats in its error', async () => {
  const secret = 'whsec_secret-0123456789'
  const message = `bad key ${TOKEN}, bad secret ${secret}`
  answers = [status(400, {}, JSON.stringify({ message }))]
  const error = await client()('POST', '/a', { json: { secret }, secrets: [secret] }).catch(
    (each: unknown) => each,
  )
  expect(error).toMatchObject({
    code: 'invalid',
    message: 'Octo: POST /a answered 400: bad key ***, bad secret ***',
  })
  expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(TOKEN)
})

test('rejects an answer that is larger than 32 MiB', async () => {
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  answers = [
    (_request, response) => {
      const write = (left: number): void => {
        if (left === 0 || response.destroyed) return void response.end()
        response.write(chunk, () => write(left - 1))
      }
      write(40)
    },
  ]
  await expect(client()('GET', '/a')).rejects.toMatchObject({ code: 'unexpected' })
})

test('sends a token to https alone, and over http to a loopback address', () => {
  expect(() => client({ api: 'http://api.octo.example' })).toThrow(
    /^Octo: api: must be an https URL/,
  )
  expect(() => client({ api: 'nonsense' })).toThrow(TypeError)
  expect(() => client({ api: 'https://api.octo.example' })).not.toThrow()
  expect(() => client({ timeout: -1 })).toThrow(/^timeout must be milliseconds/)
})
