import assert from 'node:assert/strict'
import { exchange, flood, send } from './client.ts'
import { assertProblem, type Mount, onStage, signedDelivery } from './scene.ts'
import type { TestRunner } from '../runner.ts'

const MIB = 1024 * 1024

/** Bounds: of size, of time, and what happens when the other side goes away. */
export function limitCases(
  mount: Mount,
  { buffers = false }: { readonly buffers?: boolean },
  { test }: TestRunner,
): void {
  test('a body just within the limit is taken, one byte more gets 413', () =>
    onStage(mount, 'bounded', async ({ url, control }) => {
      const sized = (bytes: number) =>
        signedDelivery(url, { body: 'a'.repeat(bytes), headers: { 'content-type': 'text/plain' } })
      assert.equal((await send(sized(65_536))).status, 200)
      assertProblem(await send(sized(65_537)), 413, 'body_too_large')
      assert.equal((await control('settled', 1)).runs.length, 1)
    }))

  // What comes in part is the host's own affair.
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

  test('a chunked body without an end is not read on', () =>
    onStage(mount, 'bounded', async ({ url }) => {
      // The buffers of both kernels can hold several megabytes.
      const { status, written } = await exchange(url, CHUNKED, (socket) => flood(socket, 512 * MIB))
      // A sender that goes on writing may meet the end of the connection before it reads the reply.
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
      const { refused, runs } = await control('refused', 1)
      assert.match(refused[0]!.code, /^body_(?:aborted|truncated)$/)
      assert.deepEqual(runs, [])
      assert.equal((await send(signedDelivery(url))).status, 200)
      assert.equal((await control('settled', 1)).runs.length, 1)
    }))
}

// The head alone cannot be refused: it has a signature, and the body decides.
const CHUNKED = [
  'POST {target} HTTP/1.1',
  'X-Acme-Signature: sha256=00',
  'Content-Type: application/json',
  'Transfer-Encoding: chunked',
]
