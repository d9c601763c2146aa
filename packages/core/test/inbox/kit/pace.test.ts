import { expect, test } from 'vitest'
import { createPace } from '../../../src/inbox/index.ts'

test('a wait follows the pace at which tasks end, within bounds', () => {
  let now = 1_000_000
  const pace = createPace(() => now)
  expect(pace.secondsFor(1000)).toBe(5)
  for (let at = 0; at < 100; at++) pace.ended()
  now += 10_000
  // Ten a second.
  expect(pace.secondsFor(1000)).toBe(100)
  expect(pace.secondsFor(20)).toBe(5)
  expect(pace.secondsFor(1e9)).toBe(300)
  now += 500
  expect(pace.secondsFor(1000)).toBe(100)
  now += 10_000
  // Nothing ended since.
  expect(pace.secondsFor(1000)).toBe(300)
})
