import { afterEach, expect, test, vi } from 'vitest'
import { createSpacing } from '../../src/inbox/engine/index.ts'

afterEach(() => void vi.restoreAllMocks())

test('a run takes as long as those lately, or as the oldest that runs', () => {
  const spacing = createSpacing()
  expect([spacing.of(0), spacing.of(70)]).toEqual([50, 70])
  spacing.learn(10)
  expect([spacing.of(0), spacing.of(70)]).toEqual([10, 70])
  spacing.learn(20)
  expect(spacing.of(0)).toBe(12)
  spacing.learn(2)
  expect(spacing.of(0)).toBe(10)
})

test('runs come back a gap apart, and at once a gap after a pause', () => {
  const spacing = createSpacing()
  expect([spacing.turn(1000, 10), spacing.turn(1000, 10), spacing.turn(1005, 20)]).toEqual([
    1010, 1020, 1040,
  ])
  expect(spacing.turn(5000, 10)).toBe(5010)
})

test('after a restart the next run does not wait for those before it', () => {
  const spacing = createSpacing()
  for (let at = 0; at < 5; at++) spacing.turn(1000, 100)
  spacing.restart()
  expect(spacing.turn(1000, 100)).toBe(1100)
})

test.each([
  [0, 1050],
  [0.5, 1075],
  [1, 1100],
])('none is put off beyond the spread: with chance %d it comes at %i', (random, expected) => {
  vi.spyOn(Math, 'random').mockReturnValue(random)
  const spacing = createSpacing(100)
  expect(spacing.turn(1000, 100)).toBe(1100)
  expect(spacing.turn(1000, 1)).toBe(expected)
})

test('the spread is 30 seconds if none is given', () => {
  const spacing = createSpacing()
  expect(spacing.turn(1000, 30_000)).toBe(31_000)
  expect(spacing.turn(1000, 1)).toBeLessThanOrEqual(31_000)
})
