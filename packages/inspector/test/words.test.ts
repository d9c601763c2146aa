import { describe, expect, test } from 'vitest'
import { axisSpan, ticksOf } from '../page/detail/time-axis.ts'
import { duration } from '../page/words/duration.ts'

describe('a duration has one unit, or two from an hour on', () => {
  test.each([
    [0, '<0.1 ms'],
    [0.004, '<0.1 ms'],
    [0.06, '0.1 ms'],
    [3.46, '3.5 ms'],
    [424.4, '424 ms'],
    [1234, '1.2 s'],
    [23 * 60_000, '23 min'],
    [22_320_000, '6 h 12 min'],
    [273_600_000, '3 d 4 h'],
  ])('%d ms', (ms, words) => {
    expect(duration(ms)).toBe(words)
  })
})

test('the axis of a timeline is logarithmic: 4 ms stand beside 10 s, and no two ticks touch', () => {
  const span = axisSpan(0, 4, [
    { runs: [{ startedAt: 10_000, duration: 0 }], state: 'done' } as never,
  ])
  expect(span.end).toBe(10_000)
  expect(span.at(4)).toBeCloseTo(0.17, 2)
  expect(span.at(10_000)).toBe(1)
  expect(ticksOf(span)).toEqual([0, 10, 100, 1000])
})
