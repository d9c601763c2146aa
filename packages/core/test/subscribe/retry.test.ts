import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { exponential, fixed, RetryAfterError, UnrecoverableError } from '../../src/index.ts'
import { milliseconds } from '../../src/basics/deadline.ts'
import { retryPolicy } from '../../src/subscribe/retry.ts'

afterEach(() => vi.restoreAllMocks())

describe('exponential', () => {
  test('waits 1 s, 4 s, 16 s … up to an hour, eight attempts in all', () => {
    const policy = exponential({ jitter: 'none' })
    expect(policy.attempts).toBe(8)
    const waits = [1, 2, 3, 4, 5, 6, 7, 50, 2000].map((attempt) => policy.delay(attempt) / 1000)
    expect(waits).toEqual([1, 4, 16, 64, 256, 1024, 3600, 3600, 3600])
  })

  test('draws each wait between nothing and its bound', () => {
    const options = fc.record({
      initialDelay: fc.integer({ min: 0, max: 1e6 }),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      maxDelay: fc.integer({ min: 0, max: 1e8 }),
    })
    fc.assert(
      fc.property(
        options,
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (given, attempt, drawn) => {
          vi.spyOn(Math, 'random').mockReturnValue(drawn)
          const bound = exponential({ ...given, jitter: 'none' }).delay(attempt)
          const wait = exponential(given).delay(attempt)
          expect(bound).toBeLessThanOrEqual(given.maxDelay)
          expect(wait).toBeGreaterThanOrEqual(0)
          expect(wait).toBeLessThanOrEqual(bound)
          expect(Math.abs(wait - bound * drawn)).toBeLessThanOrEqual(1)
        },
      ),
    )
  })
})

test('fixed waits the same each time', () => {
  const policy = fixed({ delay: '30s', attempts: 3 })
  expect([policy.attempts, policy.delay(1), policy.delay(9)]).toEqual([3, 30_000, 30_000])
})

test('a policy of the user keeps its `this`', () => {
  class Linear {
    readonly attempts = 4
    readonly #step = 10
    delay(attempt: number): number {
      return this.#step * attempt
    }
  }
  expect(retryPolicy(new Linear()).delay(3)).toBe(30)
  expect(retryPolicy({ attempts: 2 }).attempts).toBe(2)
  expect(retryPolicy(undefined).attempts).toBe(8)
})

test.each([
  ['retry.attempts', () => exponential({ attempts: 0 })],
  ['retry.attempts', () => exponential({ attempts: 1.5 })],
  ['retry.attempts', () => fixed({ attempts: -1, delay: 0 })],
  ['retry.attempts', () => retryPolicy({ attempts: NaN, delay: () => 0 })],
  ['retry.initialDelay', () => exponential({ initialDelay: -1 })],
  ['retry.maxDelay', () => exponential({ maxDelay: '1 h' as never })],
  ['retry.delay', () => fixed({ delay: Infinity })],
  ['retry.factor', () => exponential({ factor: NaN })],
  ['retry.jitter', () => exponential({ jitter: true as never })],
  ['RetryAfterError', () => new RetryAfterError('soon' as never)],
])('%s with an invalid value is rejected', (name, make) => {
  expect(make).toThrow(TypeError)
  expect(make).toThrow(name)
})

test('the errors that steer retries keep message and cause', () => {
  const cause = new Error('429')
  expect(new RetryAfterError('2m', 'slow down', { cause })).toMatchObject({
    name: 'RetryAfterError',
    delay: 120_000,
    message: 'slow down',
    cause,
  })
  expect(new RetryAfterError(5).message).toBe('try again in 5 ms')
  expect(new UnrecoverableError('gone', { cause })).toMatchObject({
    name: 'UnrecoverableError',
    cause,
  })
})

test.each([
  [0, 0],
  [1500, 1500],
  ['500ms', 500],
  ['1.5s', 1500],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['4d', 345_600_000],
] as const)('a duration of %o is %i ms', (duration, expected) => {
  expect(milliseconds(duration, 'x')).toBe(expected)
})
