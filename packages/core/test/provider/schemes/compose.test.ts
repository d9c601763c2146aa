import { describe, expect, test } from 'vitest'
import { createDelivery } from '../../../src/index.ts'
import { checkTimestamp, parseTimestamp } from '../../../src/basics/index.ts'
import { firstOf, hmac, messageTemplate, pairs, token } from '../../../src/provider/index.ts'

const NOW = 1_760_000_000_000
const request = {
  method: 'POST',
  url: 'https://example.com/a?b=c',
  headers: { 'x-id': 'i1' },
  body: new TextEncoder().encode('{"a":1}'),
}

describe('firstOf', () => {
  const strong = hmac({ header: 'X-Sig-256' })
  const weak = hmac({ header: 'X-Sig', algorithm: 'sha1' })
  const either = firstOf(strong, weak)
  const keys = [either.key('secret')]

  test('judges by the first where its header came, else by the second', () => {
    const signed = strong.sign!(request, keys[0]!, NOW)
    const older = weak.sign!(request, keys[0]!, NOW)
    expect(either.verify(createDelivery(signed), keys, NOW)).toBe(0)
    expect(either.verify(createDelivery(older), keys, NOW)).toBe(0)
    const both = { ...older, headers: { ...older.headers, 'x-sig-256': 'wrong' } }
    expect(() => either.verify(createDelivery(both), keys, NOW)).toThrow(
      expect.objectContaining({ problem: 'differs', header: 'x-sig-256' }),
    )
    expect(() => either.verify(createDelivery(request), keys, NOW)).toThrow(
      expect.objectContaining({ problem: 'missing', header: 'x-sig-256' }),
    )
  })

  test('promises what the weaker one does, and hides what either carries', () => {
    const mixed = firstOf(strong, token({ query: 't' }) as never)
    expect(mixed.covers.body).toBe('none')
    expect(mixed.credentials).toMatchObject({ query: ['t'] })
    expect(mixed.present!(createDelivery({ url: 'https://example.com/?t=1' }))).toBe(true)
    expect(mixed.present!(createDelivery({ url: 'https://example.com/' }))).toBe(false)
  })
})

describe('a message template', () => {
  test.each([
    ['{body}', '{"a":1}'],
    ['v0:{time}:{body}', 'v0:17:{"a":1}'],
    [
      '{method}\n{url}\n{header:X-Id}.{body}.end',
      'POST\nhttps://example.com/a?b=c\ni1.{"a":1}.end',
    ],
  ])('%s', (template, expected) => {
    const message = messageTemplate(template)(createDelivery(request), '17')
    const parts = message instanceof Uint8Array ? [message] : [message].flat()
    expect(Buffer.concat(parts.map((part) => Buffer.from(part))).toString()).toBe(expected)
  })

  test.each(['', 'nothing', '{bod}', '{time}{header}'])('%o is a mistake', (template) => {
    expect(() => messageTemplate(template)).toThrow(TypeError)
    expect(() => hmac({ header: 'x', message: template })).toThrow('message')
  })

  test('a header in it must be there once', () => {
    const message = messageTemplate('{header:x-id}{body}')
    const twice = createDelivery({ ...request, headers: { 'x-id': ['a', 'b'] } })
    expect(() => message(twice, undefined)).toThrow(
      expect.objectContaining({ problem: 'repeated', header: 'x-id', got: 2 }),
    )
    expect(() => message(createDelivery({ url: request.url }), undefined)).toThrow(
      expect.objectContaining({ problem: 'missing', header: 'x-id' }),
    )
  })
})

describe('a signed time', () => {
  test('can be a date, and must be one', () => {
    expect(parseTimestamp('2025-10-09T08:53:20Z', 'x', 'iso')).toBe(NOW)
    expect(parseTimestamp('2025-10-09T10:53:20.000000001+02:00', 'x', 'iso')).toBe(NOW)
    expect(parseTimestamp('2025-10-09T08:53:20.000', 'x', 'iso')).toBe(NOW)
    for (const text of ['NOT A DATE', '2025-13-01T00:00:00Z', '2025-10-09', '2025-10-09 08:53:20Z'])
      expect(() => parseTimestamp(text, 'x', 'iso')).toThrow(
        expect.objectContaining({ problem: 'not_a_time' }),
      )
  })

  test('that is no number is rejected, and the future can have its own tolerance', () => {
    for (const [time, now] of [
      [Number.NaN, NOW],
      [NOW, Number.NaN],
      [Number.POSITIVE_INFINITY, NOW],
      [Number.NEGATIVE_INFINITY, NOW],
    ] as const)
      expect(() => checkTimestamp(time, now, 300)).toThrow()
    expect(() => checkTimestamp(NOW + 6000, NOW, 5, 60)).not.toThrow()
    expect(() => checkTimestamp(NOW - 6000, NOW, 5, 60)).toThrow(
      expect.objectContaining({ problem: 'too_old', seconds: 6 }),
    )
  })

  test('goes with the signature in pairs', () => {
    const scheme = hmac({
      ...pairs({ header: 'X-Sig', time: 'ts', signature: 'h1', separator: ';' }),
    })
    const key = scheme.key('secret')
    const signed = scheme.sign!(request, key, NOW)
    expect(signed.headers['X-Sig'] ?? signed.headers['x-sig']).toMatch(
      /^ts=1760000000;h1=[0-9a-f]{64}$/,
    )
    expect(scheme.verify(createDelivery(signed), [key], NOW)).toBe(0)
    expect(scheme.signedTime!(createDelivery(signed))).toBe('1760000000')
  })
})
