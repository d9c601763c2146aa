import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createObjectAlarm } from '../src/object/alarm.ts'
import type { ObjectStorage } from '../src/index.ts'

let set: (number | null)[]
let alarm: ReturnType<typeof createObjectAlarm>

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  set = []
  alarm = createObjectAlarm({
    setAlarm: async (time: number) => void set.push(time),
    deleteAlarm: async () => void set.push(null),
    getAlarm: async () => set.at(-1) ?? null,
  } as unknown as ObjectStorage)
})
afterEach(() => void vi.useRealTimers())

test('a transaction sets it for what calls, once, and no other transaction does', () => {
  alarm.committing()
  expect(set).toEqual([])
  const over = alarm.touched('tasks')
  alarm.committing()
  alarm.committing()
  expect(set).toEqual([1_000_000])
  over()
  vi.advanceTimersByTime(60_000)
  alarm.committing()
  expect(set).toEqual([1_000_000])
})

test('a call that makes no tasks, as the journal does, sets none', () => {
  const over = alarm.touched('nothing')
  alarm.committing()
  over()
  expect(set).toEqual([])
})

test('an alarm for later is brought forward, and one that was rolled back is set again', () => {
  const over = alarm.touched('tasks')
  alarm.committing()
  alarm.rolledBack()
  alarm.committing()
  expect(set).toEqual([1_000_000, 1_000_000])
  over()
})

test('while it rings it is set ahead, and calls leave it to the end', async () => {
  await alarm.rings(async () => {
    const over = alarm.touched('tasks')
    alarm.committing()
    over()
    expect(set).toEqual([1_010_000])
    return 1_500_000
  })
  expect(set).toEqual([1_010_000, 1_500_000])
  await alarm.rings(async () => undefined)
  expect(set.at(-1)).toBe(null)
})

test('work that fails rings again, and the handler does not throw', async () => {
  await alarm.rings(() => Promise.reject(new Error('the storage failed')))
  expect(set).toEqual([1_010_000, 1_010_000])
})

test('one that did not ring is lost, and the next call sets it again, whatever it asks', async () => {
  await alarm.rings(async () => 1_060_000)
  vi.setSystemTime(1_064_000)
  alarm.touched('nothing')()
  expect(set).toEqual([1_010_000, 1_060_000])
  vi.setSystemTime(1_066_000)
  alarm.touched('nothing')()
  expect(set.at(-1)).toBe(1_066_000)
})

test('what runs without it has it ahead, in case that it is cut off, and none when it is over', () => {
  const [one, two] = [alarm.touched('runs'), alarm.touched('runs')]
  alarm.committing()
  alarm.committing()
  expect(set).toEqual([1_010_000])
  one()
  // The other call still needs the alarm.
  alarm.over(undefined)
  expect(set).toEqual([1_010_000])
  two()
  alarm.over(undefined)
  expect(set).toEqual([1_010_000, null])
})

test('what ran without it moves no alarm of an earlier task, and sets its own', async () => {
  await alarm.rings(async () => 1_005_000)
  const over = alarm.touched('runs')
  alarm.committing()
  over()
  alarm.over(1_008_000)
  expect(set.at(-1)).toBe(1_005_000)
  alarm.over(1_002_000)
  expect(set.at(-1)).toBe(1_002_000)
})
