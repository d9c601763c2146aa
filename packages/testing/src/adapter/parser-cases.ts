import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { gzipSync } from 'node:zlib'
import type { TestRunner } from '../runner.ts'
import { send } from './client.ts'
import { assertBytes, assertProblem, type Mount, onStage, signedDelivery } from './scene.ts'

/** An app in which other code reads the body before the adapter and keeps nothing. */
export interface ConsumedVariant {
  /** What reads it, such as `express.json()`. */
  readonly name: string
  readonly mount: Mount
  /** What it must say as the way out, to observers: it names the parser. */
  readonly fix: RegExp
}

/** An app in which other code reads the body before the adapter and keeps the bytes, or a string of them. */
export interface RecoveredVariant {
  readonly name: string
  readonly mount: Mount
}

/** Parsers that come first: the bytes are recovered, or the delivery is refused loudly; never a 2xx without its event. */
export function parserCases(
  consumed: readonly ConsumedVariant[],
  recovered: readonly RecoveredVariant[],
  { test }: TestRunner,
): void {
  for (const { name, mount, fix } of consumed) {
    test(`after ${name} it refuses with body_consumed and says what to do`, () =>
      onStage(mount, 'plain', async ({ url, control }) => {
        assertProblem(await send(signedDelivery(url)), 500, 'body_consumed')
        const { runs, refused } = await control('report')
        assert.deepEqual(runs, [])
        assert.match(refused[0]!.remedy ?? '', fix)
      }))

    test(`after ${name} it takes what that did not touch`, () =>
      onStage(mount, 'plain', async ({ url, control }) => {
        const headers = { 'content-type': 'application/octet-stream' }
        const delivery = signedDelivery(url, { body: Buffer.from([1, 0xff, 2]), headers })
        assert.equal((await send(delivery)).status, 200)
        await assertBytes(control, delivery.body)
        assert.equal((await send(signedDelivery(url, { body: '' }))).status, 200)
      }))
  }

  for (const { name, mount } of recovered) {
    test(`after ${name} it finds the exact bytes`, () =>
      onStage(mount, 'plain', async ({ url, control }) => {
        const delivery = signedDelivery(url, { body: '{"a": "€😀",\r\n"b":1e2}' })
        assert.equal((await send(delivery)).status, 200)
        await assertBytes(control, delivery.body)
      }))

    const damaged = {
      'a byte order mark': signedDelivery('http://localhost', { body: '\uFEFF{"a":1}' }),
      gzip: signedDelivery('http://localhost', {
        body: gzipSync('{"a":1}'),
        headers: { 'content-encoding': 'gzip' },
      }),
    }
    for (const [what, delivery] of Object.entries(damaged)) {
      test(`after ${name} it takes ${what} byte for byte or says that the bytes are lost`, () =>
        onStage(mount, 'plain', async ({ url, control }) => {
          const answer = await send({ ...delivery, url })
          if (answer.status === 200) await assertBytes(control, delivery.body)
          else assertProblem(answer, 500, 'body_lossy')
        }))
    }
  }
}
