import { expect, test } from 'vitest'
import {
  checkTimestamp,
  formatTimestamp,
  parseTimestamp,
} from '../../../../src/provider/schemes/signature/timestamp.ts'

test.each(['2026-13-01T00:00:00Z', '2026-02-01T25:00:00Z'])(
  '%s has the form of a date and is none',
  (text) => {
    expect(() => parseTimestamp(text, 'x-time', 'iso')).toThrow(
      expect.objectContaining({ problem: 'not_a_time', header: 'x-time' }),
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

test('a rejection says how far off the time is, and on which side', () => {
  expect(() => checkTimestamp(NOW - 301_000, NOW, 300)).toThrow(
    expect.objectContaining({ problem: 'too_old', seconds: 301, limit: 300 }),
  )
  expect(() => checkTimestamp(NOW + 301_000, NOW, 300)).toThrow(
    expect.objectContaining({ problem: 'too_early', seconds: 301, limit: 300 }),
  )
})

test('a time that is no number is rejected as malformed', () => {
  expect(() => checkTimestamp(NaN, NOW, 300)).toThrow(
    expect.objectContaining({
      code: 'malformed_header',
      problem: 'not_a_time',
    }),
  )
})

test('exactly the tolerance passes on both sides, and the future can have its own', () => {
  for (const time of [NOW - 300_000, NOW + 300_000]) checkTimestamp(time, NOW, 300)
  checkTimestamp(NOW + 600_000, NOW, 300, 600)
  expect(() => checkTimestamp(NOW + 1000, NOW, 300, 0)).toThrow(
    expect.objectContaining({ problem: 'too_early' }),
  )
})
