import assert from 'node:assert/strict'
import { exchange, send } from './client.ts'
import { assertProblem, type Mount, onStage, signedDelivery } from './scene.ts'
import type { TestRunner } from '../runner.ts'

/** Replies: to what is valid, to what is not, and to challenges. */
export function conversationCases(
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
      const { runs, refused } = await control('report')
      assert.deepEqual(runs, [])
      assert.deepEqual(
        refused.map(({ code }) => code),
        ['signature_mismatch', 'missing_header'],
      )
    }))

  test('a GET that is refused keeps its query, so that it can be explained', () =>
    onStage(mount, 'url', async ({ url, control }) => {
      const body = new Uint8Array(0)
      const ask = { method: 'GET', url: `${url}?reading=17`, headers: {}, body }
      assertProblem(await send(ask), 401, 'missing_header')
      await control('refused', 1)
      const { kept, runs } = await control('close')
      assert.deepEqual(
        kept.map((one) => new URL(one).search),
        ['?reading=17'],
      )
      assert.deepEqual(runs, [])
    }))

  test('a signature header that came twice is refused, even where both are right', () =>
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
      // The host waits for the body.
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
      assertProblem(answer, 503, 'closed')
      assert.match(String(answer.headers['retry-after']), /^\d+$/)
      assert.equal(answer.headers['connection'], 'close')
    }))
}
