import { describe, expect, test } from 'vitest'
import { createDelivery } from '../../../src/index.ts'
import { checkTimestamp, parseTimestamp } from '../../../src/basics/index.ts'
import { firstOf, hmac } from '../../../src/provider/index.ts'

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
      [NOW, Number.NaN],
      [Number.POSITIVE_INFINITY, NOW],
      [Number.NEGATIVE_INFINITY, NOW],
    ] as const)
      expect(() => checkTimestamp(time, now, 300)).toThrow()
    expect(() => checkTimestamp(Number.NaN, NOW, 300)).toThrow(
      expect.objectContaining({ code: 'malformed_header', problem: 'not_a_time' }),
    )
    expect(() => checkTimestamp(NOW + 6000, NOW, 5, 60)).not.toThrow()
    expect(() => checkTimestamp(NOW - 6000, NOW, 5, 60)).toThrow(
      expect.objectContaining({ problem: 'too_old', seconds: 6 }),
    )
  })
})
