import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { gzipSync } from 'node:zlib'
import type { Json } from '@postern/core'
import { send } from './client.ts'
import { assertBytes, type Mount, onStage, signedDelivery, signedWithUrl } from './scene.ts'
import type { TestRunner } from '../ledger.ts'

interface Sample {
  readonly body: Uint8Array | string
  readonly type?: string
  readonly encoding?: string
  readonly payload: Json | undefined
}

const SAMPLES: Readonly<Record<string, Sample>> = {
  'JSON with a byte order mark': { body: '\uFEFF{"a":"ü"}', payload: { a: 'ü' } },
  'JSON with CRLF and a break at its end': { body: '{\r\n "a": 1\r\n}\r\n', payload: { a: 1 } },
  'JSON with $$, $& and $`': { body: '{"a":"$$5 $& $` $1"}', payload: { a: '$$5 $& $` $1' } },
  'bytes that are not UTF-8': {
    body: Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x00, 0x7d]),
    type: 'application/json',
    payload: 'bytes',
  },
  'gzip, signed as it is on the wire': {
    body: gzipSync('{"a":"zipped"}'),
    encoding: 'gzip',
    payload: { a: 'zipped' },
  },
  'a form with a charset': {
    body: 'a=1&b=%C3%BC+%2B',
    type: 'application/x-www-form-urlencoded; charset=utf-8',
    payload: { a: '1', b: 'ü +' },
  },
  XML: {
    body: '<?xml version="1.0"?><a><b>1</b></a>',
    type: 'text/xml',
    payload: { a: { b: '1' } },
  },
  'a JSON type of a vendor': {
    body: '{"a":1}',
    type: 'application/vnd.acme.v2+json',
    payload: { a: 1 },
  },
  'JSON that fetch labeled as text': {
    body: '{"a":1}',
    type: 'text/plain;charset=UTF-8',
    payload: { a: 1 },
  },
  'JSON under the label of a form': {
    body: '{"a":"b&c=d"}',
    type: 'application/x-www-form-urlencoded',
    payload: { a: 'b&c=d' },
  },
  'an empty body under a JSON type': { body: '', payload: undefined },
}

interface UrlTraits {
  readonly nested?: Mount | undefined
  readonly rewritesQuery?: boolean | undefined
}

export function bodyCases(mount: Mount, traits: UrlTraits, { test }: TestRunner): void {
  for (const [name, sample] of Object.entries(SAMPLES)) {
    test(`accepts ${name}, byte for byte`, () =>
      onStage(mount, 'plain', async ({ url, control }) => {
        const delivery = signedDelivery(url, {
          body: sample.body,
          headers: {
            'content-type': sample.type ?? 'application/json',
            ...(sample.encoding !== undefined && { 'content-encoding': sample.encoding }),
          },
        })
        assert.equal((await send(delivery)).status, 200)
        await assertBytes(control, delivery.body)
        assert.deepEqual((await control('report')).runs[0]!.payload, sample.payload)
      }))
  }

  test('accepts a body without a Content-Type', () =>
    onStage(mount, 'plain', async ({ url, control }) => {
      const { headers, ...rest } = signedDelivery(url)
      const { ['content-type']: _, ...untyped } = headers
      assert.equal((await send({ ...rest, headers: untyped })).status, 200)
      await assertBytes(control, rest.body)
    }))

  test('reads characters that are split over chunks', () =>
    onStage(mount, 'plain', async ({ url, control }) => {
      const delivery = signedDelivery(url, { body: '{"a":"€😀"}' })
      const chunks = Array.from(delivery.body, (byte) => Uint8Array.of(byte))
      assert.equal((await send(delivery, chunks)).status, 200)
      await assertBytes(control, delivery.body)
      assert.deepEqual((await control('report')).runs[0]!.payload, { a: '€😀' })
    }))

  test('accepts an empty chunked body', () =>
    onStage(mount, 'plain', async ({ url, control }) => {
      const delivery = signedDelivery(url, { body: '' })
      const chunked = {
        ...delivery,
        headers: { ...delivery.headers, 'transfer-encoding': 'chunked' },
      }
      assert.equal((await send(chunked, [])).status, 200)
      await assertBytes(control, delivery.body)
    }))

  test('accepts an event whose payload is the query of a GET', () =>
    onStage(mount, 'url', async ({ url, control }) => {
      const target = `${url}?to=%2B491&text=a+b`
      const delivery = signedWithUrl(target, { method: 'GET', body: '' })
      const { ['content-type']: _, ...headers } = delivery.headers
      assert.equal((await send({ ...delivery, headers })).status, 200)
      const { runs } = await control('settled', 1)
      assert.deepEqual(runs[0]!.payload, { to: '+491', text: 'a b' })
      assert.equal(runs[0]!.method, 'GET')
    }))

  for (const [where, place] of [
    ['', mount],
    [' under the prefix of a router', traits.nested],
  ] as const) {
    if (place === undefined) continue
    test(`gives the URL as it was signed${where}, query and all`, () =>
      onStage(place, 'url', async ({ url, control }) => {
        const target = `${url}?${traits.rewritesQuery ? 'b=2&a=%7E%2F&a=' : 'b=2&a=%7e%2F&a=&flag'}`
        assert.equal((await send(signedWithUrl(target))).status, 200)
        const { runs } = await control('settled', 1)
        assert.equal(runs[0]!.url, target)
        assert.equal((await send({ ...signedWithUrl(target), url: `${url}?b=2` })).status, 401)
      }))
  }
}
