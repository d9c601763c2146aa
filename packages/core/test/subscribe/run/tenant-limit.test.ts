import { expect, test } from 'vitest'
import {
  createTenantLimit,
  createTenantLimits,
  MAX_KEYS,
} from '../../../src/subscribe/run/tenant-limit.ts'
import type { TenantLimitOptions } from '../../../src/subscribe/subscription.ts'

/** Simulates tasks that arrive at `times`, and again when the limit postpones them. Times are in milliseconds. */
function simulate(
  options: TenantLimitOptions,
  times: readonly number[],
  took = 0,
  late: () => number = () => 0,
): { readonly starts: readonly number[]; readonly looks: number; readonly most: number } {
  const bound = createTenantLimit(options)
  const due = times.map((at) => ({ at, act: arrive }))
  const starts: number[] = []
  let looks = 0
  let running = 0
  let most = 0
  for (;;) {
    const event = due.sort((a, b) => b.at - a.at).pop()
    if (!event) return { starts, looks, most }
    event.act(event.at)
  }

  function arrive(now: number): void {
    looks++
    const entered = bound.enter(now)
    if (typeof entered === 'number') {
      expect(entered).toBeGreaterThan(now)
      due.push({ at: entered + late(), act: arrive })
      return
    }
    starts.push(now)
    most = Math.max(most, ++running)
    const end = (at: number): void => {
      running--
      entered(at)
    }
    due.push({ at: now + took, act: end })
  }
}

/** Returns the maximum number of starts within `span` milliseconds. */
function mostWithin(starts: readonly number[], span: number): number {
  return Math.max(
    ...starts.map((from) => starts.filter((at) => at >= from && at < from + span).length),
  )
}

const together = (count: number): readonly number[] => Array.from({ length: count }, () => 1e6)

test('a backlog comes back at its rate, each task once', () => {
  const { starts, looks } = simulate({ rate: 10 }, together(500))
  expect(starts).toHaveLength(500)
  expect(mostWithin(starts, 1000)).toBeLessThanOrEqual(12)
  expect(starts.at(-1)! - 1e6).toBeLessThanOrEqual(50_000)
  expect(looks).toBeLessThanOrEqual(1000)
})

test.each([0.2, 1, 3, 100, 1000])('tasks that come back late lose nothing of rate %d', (rate) => {
  let turn = 0
  const { starts, looks } = simulate({ rate }, together(300), 0, () => (turn++ * 7) % 40)
  expect(mostWithin(starts, 1000)).toBeLessThanOrEqual(1 + rate + Math.max(1, rate / 10))
  expect(starts.at(-1)! - 1e6).toBeLessThanOrEqual((300 * 1000) / rate + 1000)
  // Tasks that get no time yet come back at random times, some of them more than once.
  expect(looks).toBeLessThanOrEqual(300 * 4)
})

test('new tasks take no place from those that come back', () => {
  const fresh = Array.from({ length: 300 }, (_, at) => 1e6 + at * 150)
  const { starts } = simulate({ rate: 10 }, [...together(100), ...fresh])
  expect(starts).toHaveLength(400)
  expect(mostWithin(starts, 1000)).toBeLessThanOrEqual(12)
  expect(starts.at(-1)! - 1e6).toBeLessThanOrEqual(60_000)
})

test('a backlog over a concurrency comes back about as fast as runs end, and not as one wave', () => {
  const { starts, looks, most } = simulate({ concurrency: 2 }, together(500), 100)
  expect(starts).toHaveLength(500)
  expect(most).toBe(2)
  expect(starts.at(-1)! - 1e6).toBeLessThanOrEqual(2 * 500 * 50)
  expect(looks).toBeLessThanOrEqual(500 * 4)
})

test('rate and concurrency hold together', () => {
  const { starts, most } = simulate({ rate: 20, concurrency: 1 }, together(100), 30)
  expect(starts).toHaveLength(100)
  expect(most).toBe(1)
  expect(mostWithin(starts, 1000)).toBeLessThanOrEqual(23)
})

test('a clock that is set back stops no key', () => {
  const bound = createTenantLimit({ rate: 1 })
  expect(bound.enter(1e9)).toBeTypeOf('function')
  expect(bound.enter(1e6)).toBeTypeOf('function')
  expect(bound.enter(1e6)).toBeTypeOf('number')
})

test('idle keys are forgotten, busy ones are not', () => {
  const bounds = createTenantLimits({ rate: 10, concurrency: 1 }, 'a')
  const held = bounds.enter('held', 0)
  for (let at = 0; at < 1000; at++) {
    const end = bounds.enter(`key${at}`, at * 1000)
    if (typeof end === 'function') end(at * 1000)
  }
  expect(bounds.size).toBeLessThanOrEqual(4)
  expect(bounds.enter('held', 1e6)).toBeTypeOf('number')
  expect(held).toBeTypeOf('function')
})

test('keys that are not idle are bounded too, those that run apart', () => {
  const bounds = createTenantLimits({ rate: 0.001, concurrency: 1 }, 'a')
  bounds.enter('held', 0)
  for (let at = 0; at < 2 * MAX_KEYS; at++) {
    const end = bounds.enter(`key${at}`, 1)
    if (typeof end === 'function') end(1)
  }
  expect(bounds.size).toBeLessThanOrEqual(MAX_KEYS + 1)
  expect(bounds.enter('held', 2)).toBeTypeOf('number')
})
