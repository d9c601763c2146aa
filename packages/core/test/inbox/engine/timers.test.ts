import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createAlarm } from '../../../src/inbox/engine/run/alarm.ts'
import { createSweep, settledBy, within } from '../../../src/inbox/engine/index.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const never = new Promise<never>(() => {})

describe('deadlines', () => {
  test('within gives the error of the promise', async () => {
    const rejected = Promise.reject(new Error('rejected'))
    await expect(
      within(rejected, performance.now() + 5000, () => new Error('late')),
    ).rejects.toThrow('rejected')
  })

  test('within forgets a value that comes late, where nothing disposes of it', async () => {
    const given = Promise.withResolvers<number>()
    const late = within(given.promise, performance.now() + 10, () => new Error('late'))
    late.catch(() => {})
    await vi.advanceTimersByTimeAsync(10)
    await expect(late).rejects.toThrow('late')
    given.resolve(1)
    await given.promise
    // An unhandled rejection would fail the test run.
    await vi.advanceTimersByTimeAsync(0)
  })

  test('within gives the value, or the error at the time', async () => {
    expect(await within(Promise.resolve(1), performance.now() + 10, () => new Error('late'))).toBe(
      1,
    )
    const late = within(never, performance.now() + 10, () => new Error('late'))
    late.catch(() => {})
    await vi.advanceTimersByTimeAsync(10)
    await expect(late).rejects.toThrow('late')
  })

  test('what comes after the time is disposed of', async () => {
    let give: (value: number) => void = () => {}
    const disposed: number[] = []
    const late = within(
      new Promise<number>((resolve) => (give = resolve)),
      performance.now() + 10,
      () => new Error('late'),
      (value) => disposed.push(value),
    )
    late.catch(() => {})
    await vi.advanceTimersByTimeAsync(10)
    give(7)
    await expect(late).rejects.toThrow('late')
    expect(disposed).toEqual([7])
  })

  test('settledBy tells whether it settled in time, and never rejects', async () => {
    expect(await settledBy(Promise.resolve(), performance.now() + 10)).toBe(true)
    expect(await settledBy(Promise.reject(new Error('x')), performance.now() + 10)).toBe(true)
    const late = settledBy(never, performance.now() + 10)
    await vi.advanceTimersByTimeAsync(10)
    expect(await late).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('alarm', () => {
  test('it does not ring before its time on a clock that is behind the timer, and rings on one that stands still', () => {
    const began = Date.now()
    let rung = 0
    const ring = (): void => void rung++
    createAlarm(ring, () => began + (Date.now() - began) * 0.99).at(began + 99)
    vi.advanceTimersByTime(99)
    expect(rung).toBe(0)
    vi.advanceTimersByTime(1)
    expect(rung).toBe(1)
    createAlarm(ring, () => began).at(began + 50)
    vi.advanceTimersByTime(50)
    expect(rung).toBe(2)
  })
})

describe('sweep', () => {
  test('a round walks in steps, and the next comes after a pause', async () => {
    const places: (number | undefined)[] = []
    const sweep = createSweep<number>(100_000, (place) => {
      places.push(place)
      return place === undefined ? 1 : place < 3 ? place + 1 : undefined
    })
    sweep.start()
    sweep.start()
    expect(places).toEqual([])
    await vi.advanceTimersByTimeAsync(1000)
    await vi.advanceTimersByTimeAsync(500)
    expect(places).toEqual([undefined, 1, 2, 3])
    await vi.advanceTimersByTimeAsync(1000)
    expect(places.slice(4, 5)).toEqual([undefined])
    await sweep.stop()
    const count = places.length
    await vi.advanceTimersByTimeAsync(100_000)
    expect(places).toHaveLength(count)
  })

  test.each([
    [0, 1000],
    [200_000, 2000],
    [1e12, 600_000],
  ])('what is kept for %i ms is looked through every %i', async (keep, pause) => {
    let rounds = 0
    const sweep = createSweep(keep, () => void rounds++)
    sweep.start()
    await vi.advanceTimersByTimeAsync(pause - 1)
    expect(rounds).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(rounds).toBe(1)
    await vi.advanceTimersByTimeAsync(pause)
    expect(rounds).toBe(2)
    await sweep.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('it does not keep a process alive', async () => {
    vi.useRealTimers()
    const before = process.getActiveResourcesInfo()
    const sweep = createSweep(0, () => undefined)
    sweep.start()
    expect(process.getActiveResourcesInfo()).toEqual(before)
    await sweep.stop()
  })

  test('after a stop it starts no more', async () => {
    const sweep = createSweep(0, () => undefined)
    sweep.start()
    await sweep.stop()
    sweep.start()
    expect(vi.getTimerCount()).toBe(0)
    const never = createSweep(0, () => undefined)
    await never.stop()
    never.start()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a drain takes steps at most once a minute, goes on where it stopped, and bears a step that fails', async () => {
    const places: (number | undefined)[] = []
    const sweep = createSweep<number>(0, (place = 0) => {
      places.push(place)
      if (place === 50) throw new Error('the disk is full')
      return place + 1
    })
    await sweep.once(performance.now() + 1000)
    expect(places).toEqual(Array.from({ length: 50 }, (_, at) => at))
    await sweep.once(performance.now() + 1000)
    expect(places).toHaveLength(50)
    await vi.advanceTimersByTimeAsync(60_000)
    await sweep.once(performance.now() + 1000)
    expect(places.slice(50)).toEqual([50])
    await vi.advanceTimersByTimeAsync(60_000)
    await sweep.once(performance.now())
    expect(places).toHaveLength(51)
    await sweep.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    await sweep.once(performance.now() + 1000)
    expect(places).toHaveLength(51)
  })

  test('a step that fails ends its round only', async () => {
    let calls = 0
    const sweep = createSweep<number>(0, () => {
      calls++
      throw new Error('the disk is full')
    })
    sweep.start()
    await vi.advanceTimersByTimeAsync(1000)
    expect(calls).toBe(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(calls).toBe(2)
    await sweep.stop()
  })

  test('stop waits for the step that runs', async () => {
    let end = (): void => {}
    const sweep = createSweep(
      0,
      () => new Promise<undefined>((resolve) => (end = () => resolve(undefined))),
    )
    sweep.start()
    await vi.advanceTimersByTimeAsync(1000)
    let stopped = false
    const stopping = sweep.stop().then(() => (stopped = true))
    await vi.advanceTimersByTimeAsync(1000)
    expect(stopped).toBe(false)
    end()
    await stopping
    expect(vi.getTimerCount(), 'no further step comes').toBe(0)
  })
})

test('an alarm that is woken rings if its time has passed, and only once', async () => {
  let now = 0
  let rings = 0
  const alarm = createAlarm(
    () => rings++,
    () => now,
  )
  alarm.wake()
  await vi.advanceTimersByTimeAsync(1000)
  expect(rings).toBe(0)
  alarm.at(100)
  alarm.at(500)
  now = 99
  alarm.wake()
  expect(rings).toBe(0)
  now = 100
  alarm.wake()
  expect(rings).toBe(1)
  await vi.advanceTimersByTimeAsync(1000)
  alarm.wake()
  alarm.at(200)
  alarm.clear()
  now = 300
  alarm.wake()
  await vi.advanceTimersByTimeAsync(1000)
  expect(rings).toBe(1)
})
