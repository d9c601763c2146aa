import { expect, test } from 'vitest'
import { createPace } from '../../../../src/inbox/engine/index.ts'

test('a wait follows the pace at which tasks end, within bounds', () => {
  let now = 1_000_000
  const pace = createPace(() => now)
  const rejected = (held: number, room: number): number => {
    pace.rejected(held)
    return pace.secondsFor(held, room)
  }
  pace.added(10_000)
  expect(rejected(10_000, 10_000)).toBe(5)
  // Ten a second end, and as many come.
  pace.added(100)
  now += 10_000
  expect(rejected(10_000, 10_000)).toBe(100)
  expect(pace.secondsFor(200, 200)).toBe(5)
  expect(pace.secondsFor(1e9, 10_000)).toBe(300)
  now += 500
  expect(rejected(10_000, 10_000), 'half a second tells nothing').toBe(100)
})

test('tasks that other processes ended count', () => {
  let now = 0
  const pace = createPace(() => now)
  pace.rejected(1000)
  now += 10_000
  pace.rejected(900)
  // Ten a second.
  expect(pace.secondsFor(1000, 1000)).toBe(10)
})

test('tasks that are longer than a rejection apart are measured over several', () => {
  let now = 0
  const pace = createPace(() => now)
  pace.rejected(100)
  now += 2000
  pace.rejected(100)
  // Slower than one in two seconds.
  expect(pace.secondsFor(100, 100)).toBe(20)
  now += 6000
  pace.rejected(100)
  expect(pace.secondsFor(100, 100)).toBe(80)
  now += 2000
  pace.rejected(98)
  expect(pace.secondsFor(100, 100)).toBe(50)
})

test('a quiet hour does not make the pace of a flood look slow', () => {
  let now = 0
  const pace = createPace(() => now)
  pace.rejected(1000)
  pace.added(100)
  now += 10_000
  pace.rejected(1000)
  expect(pace.secondsFor(1000, 1000)).toBe(10)
  pace.added(1000)
  now += 3_600_000
  pace.rejected(1000)
  expect(pace.secondsFor(1000, 1000)).toBe(10)
})

test.each([
  ['so many that a tenth is free', 1000, 1000, 10],
  ['more if it is over its bound', 1500, 1000, 60],
  ['a tenth at least', 0, 1000, 10],
])('the wait is for %s', (_, held, room, seconds) => {
  let now = 0
  const pace = createPace(() => now)
  pace.rejected(1000)
  now += 1000
  // Ten a second, measured in the shortest time that counts.
  pace.rejected(990)
  expect(pace.secondsFor(held, room)).toBe(seconds)
})

test.each([
  [60_000, 60],
  [60_001, 10],
])('a slower pace over %i ms counts as long as it is not too long', (time, seconds) => {
  let now = 0
  const pace = createPace(() => now)
  pace.rejected(1000)
  now += 1000
  pace.rejected(990)
  now += time
  pace.rejected(890)
  expect(pace.secondsFor(1000, 1000)).toBe(seconds)
})

test('a first pace over a long time is better than none', () => {
  let now = 0
  const pace = createPace(() => now)
  pace.rejected(1000)
  now += 100_000
  pace.rejected(900)
  expect(pace.secondsFor(1000, 1000)).toBe(100)
})
