import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeDelivery,
  decodeEvent,
  encodeDelivery,
  encodeEvent,
  type EventRecord,
} from '../../src/inbox/engine/index.ts'
import { packParts, unpackParts } from '../../src/inbox/codec.ts'
import { checkJson } from '../../src/basics/index.ts'
import type { StoredDelivery } from '../../src/inbox/index.ts'

const record = (payload: unknown): EventRecord => ({
  key: ':e1',
  dedupe: true,
  id: 'e1',
  topic: 'ping',
  aliases: [],
  payload,
  tenant: undefined,
  provider: 'acme',
})
const carried = (payload: unknown): unknown => decodeEvent(encodeEvent(record(payload))).payload

const key = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', 'constructor', 'toJSON', '\ue000n', '\ue000b', '\ue000', '\u0000n'),
  fc.string().map((text) => `\ue000${text}`),
  fc.string().map((text) => `\u0000${text}`),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, 0, '', '\u0000', '\ud800', '\ue000n'),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0 || 0),
    fc.string({ unit: 'binary' }),
    fc.bigInt(),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(key, tie('value')), { maxLength: 4, selector: ([name]) => name })
      .map((entries) => Object.fromEntries(entries) as unknown),
  ),
}))

describe('an event', () => {
  test('comes back as it was, with BigInt, bytes and whatever keys', () => {
    fc.assert(
      fc.property(value, (payload) => {
        // toStrictEqual would confuse a key named `constructor` with the class.
        expect(isDeepStrictEqual(carried(payload), payload)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    [{ '\ue000n': '5' }],
    [{ '\ue000b': 'AAAA' }],
    [{ '\ue000\ue000n': '5' }],
    [{ '\ue000n': 5n, other: 1 }],
    [{ '\u0000n': '\u0000' }],
    [JSON.parse('{"__proto__":{"polluted":1},"a":9}') as object],
    [[{ '\ue000n': { '\ue000n': 'x' } }]],
  ])('%o is taken for nothing else', (payload) => {
    const back = carried(payload)
    expect(back).toStrictEqual(payload)
    expect(Object.entries(back as object)).toEqual(Object.entries(payload))
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  test('keeps what it is beside its payload', () => {
    const event: EventRecord = {
      ...record(undefined),
      tenant: 't1',
      aliases: ['a', 'b'],
      dedupe: false,
    }
    expect(decodeEvent(encodeEvent(event))).toEqual(event)
    const anonymous = { ...record(1), id: undefined }
    expect(decodeEvent(encodeEvent(anonymous))).toStrictEqual(anonymous)
  })
})

test('a delivery comes back as it was, head and bytes', () => {
  const delivery = fc.record<StoredDelivery>({
    method: fc.constantFrom('POST', 'GET'),
    url: fc.webUrl(),
    headers: fc.array(fc.tuple(fc.string(), fc.string({ unit: 'binary' })), { maxLength: 5 }),
    body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    receivedAt: fc.nat(),
    context: fc.constantFrom('tenant', { tenant: 'ä' }, 1, [null]),
  })
  fc.assert(
    fc.property(delivery, (given) => {
      const { head, body } = unpackParts(packParts(encodeDelivery(given)))
      expect(decodeDelivery(head, body)).toEqual(given)
    }),
  )
})

describe('a context', () => {
  test('is kept where it is a small JSON value', () => {
    expect(checkJson({ tenant: 't1' }, 'context')).toEqual({ tenant: 't1' })
    expect(checkJson(undefined, 'context')).toBeUndefined()
  })

  test.each([[() => {}], [1n], [Symbol('s')], ['x'.repeat(20_000)], [circular()]])(
    'is rejected by name otherwise',
    (given) => {
      expect(() => checkJson(given, 'context')).toThrow(TypeError)
      expect(() => checkJson(given, 'context')).toThrow('context')
    },
  )
})

function circular(): object {
  const value: { self?: object } = {}
  value.self = value
  return value
}
