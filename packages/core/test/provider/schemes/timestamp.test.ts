import { expect, test } from 'vitest'
import {
  checkTimestamp,
  formatTimestamp,
  parseTimestamp,
} from '../../../src/provider/schemes/timestamp.ts'

test.each(['2026-13-01T00:00:00Z', '2026-02-01T25:00:00Z'])(
  '%s has the form of a date and is none',
  (text) => {
    expect(() => parseTimestamp(text, 'x-time', 'iso')).toThrow(
      'header x-time is not a date and time such as 2026-01-31T08:00:00Z',
    )
  },
)

const NOW = 1_760_000_000_000

test.each([
  ['s', '1760000000'],
  ['ms', '1760000000999'],
  ['iso', '2025-10-09T08:53:20.999Z'],
] as const)('a time is written in %s', (unit, text) => {
  expect(formatTimestamp(NOW + 999, unit)).toBe(text)
})

test('a refusal says how far off the time is, and on which side', () => {
  expect(() => checkTimestamp(NOW - 301_000, NOW, 300)).toThrow(
    'signed 301 s ago, more than the tolerance of 300 s: a replay, a slow queue, or a wrong clock',
  )
  expect(() => checkTimestamp(NOW + 301_000, NOW, 300)).toThrow(
    'signed 301 s ahead of this clock, more than the tolerance of 300 s: check the clocks',
  )
})

test('a time that is no number is refused as malformed', () => {
  expect(() => checkTimestamp(NaN, NOW, 300)).toThrow(
    expect.objectContaining({
      code: 'malformed_header',
      message: 'the signed time cannot be read',
    }),
  )
})

test('exactly the tolerance passes on both sides, and the future can have its own', () => {
  for (const time of [NOW - 300_000, NOW + 300_000]) checkTimestamp(time, NOW, 300)
  checkTimestamp(NOW + 600_000, NOW, 300, 600)
  expect(() => checkTimestamp(NOW + 1000, NOW, 300, 0)).toThrow('ahead of this clock')
})
