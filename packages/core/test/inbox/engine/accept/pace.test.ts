import { expect, test } from 'vitest'
import { createPace } from '../../../../src/inbox/engine/accept/capacity.ts'

test('a wait follows the pace at which tasks end, within bounds', () => {
  let now = 1_000_000
  const pace = createPace(() => now)
  const rejected = (held: number, room: number): number => {
    pace.rejected(held)
    return pace.secondsFor(held, room)
  }
  pace.added(10_000)
  expect(rejected(10_000, 10_000)).toBe(5)
  // In 10 s, 100 tasks end and 100 are added: ten per second.
  pace.added(100)
  now += 10_000
  expect(rejected(10_000, 10_000)).toBe(100)
  expect(pace.secondsFor(200, 200)).toBe(5)
  expect(pace.secondsFor(1e9, 10_000)).toBe(300)
  now += 500
  expect(rejected(10_000, 10_000), 'half a second tells nothing').toBe(100)
})

/**
 * Returns a pace after rejections: the time in milliseconds since the previous one, the pending tasks, and the added
 * tasks.
 */
function after(...steps: readonly (readonly [time: number, pending: number, added?: number])[]) {
  let now = 0
  const pace = createPace(() => now)
  for (const [time, pending, added = 0] of steps) {
    now += time
    pace.added(added)
    pace.rejected(pending)
  }
  return pace
}

test('tasks that other processes ended count', () => {
  // In 10 s, 100 tasks ended: ten per second.
  expect(after([0, 1000], [10_000, 900]).secondsFor(1000, 1000)).toBe(10)
})

test.each([
  // In the first 2 s no task ended, so at most one task ends in 2 s.
  [[], 20],
  [[[6000, 100]], 80],
  [
    [
      [6000, 100],
      [2000, 98],
    ],
    50,
  ],
] as const)('tasks that are longer than a rejection apart: after %j, %i s', (steps, seconds) => {
  expect(after([0, 100], [2000, 100], ...steps).secondsFor(100, 100)).toBe(seconds)
})

test('a quiet hour does not make the pace of a flood look slow', () => {
  const flood = [
    [0, 1000],
    [10_000, 1000, 100],
  ] as const
  expect(after(...flood).secondsFor(1000, 1000)).toBe(10)
  expect(after(...flood, [3_600_000, 1000, 1000]).secondsFor(1000, 1000)).toBe(10)
})

test.each([
  ['so many that a tenth is free', 1000, 1000, 10],
  ['more if it is over its bound', 1500, 1000, 60],
  ['a tenth at least', 0, 1000, 10],
])('the wait is for %s', (_, held, room, seconds) => {
  // In 1 s, the shortest time that counts, ten tasks ended.
  expect(after([0, 1000], [1000, 990]).secondsFor(held, room)).toBe(seconds)
})

test.each([
  [60_000, 60],
  [60_001, 10],
])('a slower pace over %i ms counts as long as it is not too long', (time, seconds) => {
  expect(after([0, 1000], [1000, 990], [time, 890]).secondsFor(1000, 1000)).toBe(seconds)
})

test('a first pace over a long time is better than none', () => {
  expect(after([0, 1000], [100_000, 900]).secondsFor(1000, 1000)).toBe(100)
})
