import { bodyCases } from './adapter/body-cases.ts'
import {
  parserCases,
  type ConsumedVariant,
  type RecoveredVariant,
  type Mount,
  assertProblem,
  onStage,
  signedDelivery,
} from './adapter/scene.ts'
import type { TestRunner } from './ledger.ts'
import assert from 'node:assert/strict'
import { acme } from './acme.ts'
import { send, exchange, flood } from './adapter/client.ts'
import { SECRETS } from './adapter/stage.ts'

/** An adapter to test with {@link testAdapter}, on its framework. */
export interface AdapterUnderTest {
  /** Name of the adapter and framework, such as `express 5`. */
  readonly name: string
  /** Mounts the adapter on a route, as the framework's documentation does. */
  readonly mount: Mount
  /** Mounts the adapter under a prefix that the framework's router removes from the path. */
  readonly nested?: Mount
  /**
   * True if the framework rewrites query strings (`%7e` as `%7E`, `flag` as `flag=`) before the adapter gets them.
   * @default false
   */
  readonly rewritesQuery?: boolean
  /** True if the platform passes only complete requests to the adapter, as AWS Lambda does. @default false */
  readonly buffers?: boolean
  /** Apps whose own code reads the body before the adapter and does not keep the bytes. */
  readonly consumed?: readonly ConsumedVariant[]
  /** Apps whose own code reads the body before the adapter and keeps the bytes or a string. */
  readonly recovered?: readonly RecoveredVariant[]
}

/**
 * Defines the contract tests of an adapter. The tests send real deliveries over real sockets to the real framework. The
 * tests use node:assert, so they run under vitest, node:test and jest.
 *
 * @example
 * testAdapter({ name: 'node:http', mount: (stage) => listen(webhook(stage.receiver)) }, { describe, test })
 */
export function testAdapter(adapter: AdapterUnderTest, runner: TestRunner): void {
  runner.describe(`${adapter.name} keeps the contract of adapters`, () => {
    conversationCases(adapter.mount, adapter, runner)
    bodyCases(adapter.mount, adapter, runner)
    limitCases(adapter.mount, adapter, runner)
    identityCases(adapter.mount, runner)
    parserCases(adapter.consumed ?? [], adapter.recovered ?? [], runner)
  })
}

function identityCases(mount: Mount, { test }: TestRunner): void {
  test('an event that comes again gets 200 and runs nothing', () =>
    onStage(mount, 'plain', async ({ url, control }) => {
      for (let time = 0; time < 3; time++) {
        assert.equal((await send(signedDelivery(url, { id: 'same' }))).status, 200)
        await control('settled', 1)
      }
      assert.equal((await send(signedDelivery(url, { id: 'other' }))).status, 200)
      const { runs, duplicates } = await control('settled', 2)
      assert.deepEqual(
        runs.map(({ id }) => id),
        ['same', 'other'],
      )
      assert.equal(duplicates, 2)
    }))

  test('a thousand deliveries of one event at once run its handler once', () =>
    onStage(mount, 'plain', async ({ url, control }) => {
      const delivery = signedDelivery(url, { id: 'crowded' })
      const answers = await Promise.all(Array.from({ length: 1000 }, () => send(delivery)))
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
      const { runs, duplicates } = await control('settled', 1)
      assert.equal(runs.length, 1)
      assert.equal(duplicates, 999)
    }))

  test('a redelivery of an event whose handler failed runs it again', () =>
    onStage(mount, 'failing', async ({ url, control }) => {
      assert.equal((await send(signedDelivery(url, { id: 'unlucky' }))).status, 200)
      assert.equal((await control('settled', 1)).runs.length, 1)
      assert.equal((await send(signedDelivery(url, { id: 'unlucky' }))).status, 200)
      assert.equal((await control('settled', 2)).runs.length, 2)
    }))

  test('the context of a request picks its secret and stays with its event', () =>
    onStage(mount, 'tenants', async ({ url, control }) => {
      for (const tenant of ['a', 'b'] as const) {
        const delivery = acme({ secret: SECRETS[tenant] }).sign!({
          id: 'shared',
          payload: {},
          url,
          headers: { 'x-tenant': tenant },
        })
        assert.equal((await send(delivery)).status, 200)
        const foreign = { ...delivery.headers, 'x-tenant': tenant === 'a' ? 'b' : 'a' }
        assertProblem(await send({ ...delivery, headers: foreign }), 401, 'signature_mismatch')
      }
      assertProblem(await send(signedDelivery(url)), 401, 'unknown_sender')
      const { runs } = await control('settled', 2)
      assert.deepEqual(
        runs.map(({ tenant, context }) => JSON.stringify([tenant, context])).toSorted(),
        ['["a",{"tenant":"a"}]', '["b",{"tenant":"b"}]'],
      )
    }))
}

const MIB = 1024 * 1024

function limitCases(
  mount: Mount,
  { buffers = false }: { readonly buffers?: boolean },
  { test }: TestRunner,
): void {
  test('a body just within the limit is accepted, one byte more gets 413', () =>
    onStage(mount, 'bounded', async ({ url, control }) => {
      const sized = (bytes: number) =>
        signedDelivery(url, { body: 'a'.repeat(bytes), headers: { 'content-type': 'text/plain' } })
      assert.equal((await send(sized(65_536))).status, 200)
      assertProblem(await send(sized(65_537)), 413, 'body_too_large')
      assert.equal((await control('settled', 1)).runs.length, 1)
    }))

  // This platform itself handles partial bodies.
  if (buffers) return

  test('a Content-Length over the limit gets 413 before a byte of it came', () =>
    onStage(mount, 'bounded', async ({ url }) => {
      const { status, text } = await exchange(
        url,
        ['POST {target} HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 1048576'],
        () => {},
      )
      assert.equal(status, 413)
      assert.match(text, /\r\nconnection: close\r\n/i)
    }))

  test('a head without its signature gets 401 before a byte of its body came', () =>
    onStage(mount, 'plain', async ({ url, control }) => {
      const { status, text } = await exchange(
        url,
        [
          'POST {target} HTTP/1.1',
          'Connection: close',
          'Content-Type: application/json',
          'Content-Length: 100000',
        ],
        () => {},
      )
      assert.equal(status, 401)
      assert.match(text, /"missing_header"/)
      assert.deepEqual((await control('report')).runs, [])
    }))

  test('a chunked body of 1 MiB over the limit gets 413 and Connection: close', () =>
    onStage(mount, 'bounded', async ({ url, control }) => {
      const { status, text } = await exchange(url, CHUNKED, (socket) => flood(socket, MIB))
      assert.equal(status, 413)
      assert.match(text, /\r\nconnection: close\r\n/i)
      assert.match(text, /"body_too_large"/)
      assert.deepEqual((await control('report')).runs, [])
    }))

  test('reading stops for a chunked body that does not end', () =>
    onStage(mount, 'bounded', async ({ url }) => {
      // The socket buffers of client and server hold several megabytes, far less than 512 MiB.
      const { status, written } = await exchange(url, CHUNKED, (socket) => flood(socket, 512 * MIB))
      // A sender that still writes may miss the reply when the connection ends. Then `exchange` returns the status 0.
      assert.ok(status === 413 || status === 0, `got ${status}`)
      assert.ok(written < 32 * MIB, `${written} bytes were written before the connection ended`)
    }))

  test('a body that trickles in is cut off with 408 and Connection: close', () =>
    onStage(mount, 'slow', async ({ url, control }) => {
      const { status, text } = await exchange(url, CHUNKED, (socket) => {
        const trickle = setInterval(() => socket.write('1\r\na\r\n'), 50)
        socket.on('close', () => clearInterval(trickle))
      })
      assert.equal(status, 408)
      assert.match(text, /\r\nconnection: close\r\n/i)
      assert.match(text, /"body_timeout"/)
      assert.deepEqual((await control('report')).runs, [])
    }))

  test('an upload the sender breaks off accepts nothing and harms nobody', () =>
    onStage(mount, 'plain', async ({ url, control }) => {
      const { headers, body } = signedDelivery(url)
      await exchange(
        url,
        [
          'POST {target} HTTP/1.1',
          'Content-Type: application/json',
          `X-Acme-Signature: ${headers['x-acme-signature']!}`,
          'X-Acme-Topic: thing.happened',
          `Content-Length: ${body.byteLength + 1}`,
        ],
        (socket) => void socket.write(body, () => socket.destroySoon()),
      )
      const { rejected, runs } = await control('rejected', 1)
      assert.match(rejected[0]!.code, /^body_(?:aborted|truncated)$/)
      assert.deepEqual(runs, [])
      assert.equal((await send(signedDelivery(url))).status, 200)
      assert.equal((await control('settled', 1)).runs.length, 1)
    }))
}

// The request has a signature header, so only its body can be the reason of a rejection.
const CHUNKED = [
  'POST {target} HTTP/1.1',
  'X-Acme-Signature: sha256=00',
  'Content-Type: application/json',
  'Transfer-Encoding: chunked',
]

function conversationCases(
  mount: Mount,
  { buffers = false }: { readonly buffers?: boolean },
  { test }: TestRunner,
): void {
  test('a valid delivery gets an empty 200 while its handler still waits', () =>
    onStage(mount, 'held', async ({ url, control }) => {
      const answer = await send(signedDelivery(url, { id: '1', topic: 'thing.happened' }))
      assert.equal(answer.status, 200)
      assert.equal(answer.body, '')
      assert.deepEqual((await control('report')).runs, [])
      await control('release')
      const { runs } = await control('settled', 1)
      assert.equal(runs.length, 1)
      assert.equal(runs[0]!.id, '1')
      assert.equal(runs[0]!.topic, 'thing.happened')
      assert.deepEqual(runs[0]!.payload, { hello: 'world' })
    }))

  test('a tampered delivery gets 401 and a code, no detail, and runs nothing', () =>
    onStage(mount, 'plain', async ({ url, control }) => {
      const delivery = signedDelivery(url)
      const body = Uint8Array.from(delivery.body)
      body[2]! ^= 1
      assertProblem(await send({ ...delivery, body }), 401, 'signature_mismatch')
      const { ['x-acme-signature']: _, ...headers } = delivery.headers
      assertProblem(await send({ ...delivery, headers }), 401, 'missing_header')
      const { runs, rejected } = await control('report')
      assert.deepEqual(runs, [])
      assert.deepEqual(
        rejected.map(({ code }) => code),
        ['signature_mismatch', 'missing_header'],
      )
    }))

  test('a GET that is rejected keeps its query, so that it can be explained', () =>
    onStage(mount, 'url', async ({ url, control }) => {
      const body = new Uint8Array(0)
      const ask = { method: 'GET', url: `${url}?reading=17`, headers: {}, body }
      assertProblem(await send(ask), 401, 'missing_header')
      await control('rejected', 1)
      const { kept, runs } = await control('close')
      assert.deepEqual(
        kept.map((one) => new URL(one).search),
        ['?reading=17'],
      )
      assert.deepEqual(runs, [])
    }))

  test('a signature header that came twice is rejected, even where both are right', () =>
    onStage(mount, 'plain', async ({ url, control }) => {
      const { headers, body } = signedDelivery(url)
      const signature = headers['x-acme-signature']!
      const { status, text } = await exchange(
        url,
        [
          'POST {target} HTTP/1.1',
          'Connection: close',
          'Content-Type: application/json',
          `X-Acme-Topic: ${headers['x-acme-topic']!}`,
          `X-Acme-Signature: ${signature}`,
          `X-Acme-Signature: ${signature}`,
          `Content-Length: ${body.byteLength}`,
        ],
        (socket) => void socket.write(body),
      )
      assert.equal(status, 401)
      assert.match(text, /"malformed_header"/)
      assert.deepEqual((await control('report')).runs, [])
    }))

  test('a method the sender does not use gets 405 and Allow before its body is read', () =>
    onStage(mount, 'plain', async ({ url, control }) => {
      assert.equal((await send({ ...signedDelivery(url), method: 'PUT' })).status, 405)
      // This platform waits for the whole body.
      if (buffers) return
      const { status, text } = await exchange(
        url,
        ['PUT {target} HTTP/1.1', 'Connection: close', 'Content-Length: 1000'],
        () => {},
      )
      assert.equal(status, 405)
      assert.match(text, /\r\nallow: POST\r\n/i)
      assert.match(text, /"method_not_allowed"/)
      assert.deepEqual((await control('report')).runs, [])
    }))

  test('unsigned challenges by GET, HEAD and OPTIONS are answered and run nothing', () =>
    onStage(mount, 'greeting', async ({ url, control }) => {
      const ask = (method: string, query = '') =>
        send({ method, url: url + query, headers: {}, body: new Uint8Array(0) })
      const get = await ask('GET', '?challenge=a%20b')
      assert.deepEqual([get.status, get.body], [200, 'a b'])
      const head = await ask('HEAD')
      assert.deepEqual([head.status, head.body], [200, ''])
      const options = await ask('OPTIONS')
      assert.equal(options.status, 200)
      assert.equal(options.headers['webhook-allowed-origin'], '*')
      assert.deepEqual((await control('report')).runs, [])
    }))

  test('a closed receiver answers 503 with Retry-After, and ends the connection', () =>
    onStage(mount, 'plain', async ({ url, control }) => {
      assert.equal((await send(signedDelivery(url, { id: '1' }))).status, 200)
      await control('settled', 1)
      await control('close')
      const answer = await send(signedDelivery(url, { id: '2' }))
      assertProblem(answer, 503, 'receiver_closed')
      assert.match(String(answer.headers['retry-after']), /^\d+$/)
      assert.equal(answer.headers['connection'], 'close')
    }))
}
