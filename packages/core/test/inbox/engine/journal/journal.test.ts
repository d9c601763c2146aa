import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  packMinute,
  unpackMinute,
  type Minute,
} from '../../../../src/inbox/engine/journal/history.ts'
import { bucketOf, quantile, type JournalBatch } from '../../../../src/inbox/engine/index.ts'
import { createJournalBuffer, type SeriesName } from '../../../../src/observe/journal-buffer.ts'
import type { Arrival, MinuteGauge } from '../../../../src/inbox/index.ts'

describe('histograms', () => {
  const microseconds = fc.oneof(fc.nat(), fc.maxSafeNat())
  const middle = (bucket: number): number => quantile([[bucket, 1]], 1)!

  test('the middle of a bucket is at most an eighth off', () => {
    fc.assert(
      fc.property(microseconds, (value) => {
        const off = Math.abs(middle(bucketOf(value)) - value)
        expect(off).toBeLessThanOrEqual(value / 8)
      }),
    )
  })

  test('buckets keep the order of durations, without a gap', () => {
    fc.assert(
      fc.property(microseconds, microseconds, (a, b) => {
        if (a <= b) expect(bucketOf(a)).toBeLessThanOrEqual(bucketOf(b))
      }),
    )
    const all = new Set(Array.from({ length: 1 << 12 }, (_, value) => bucketOf(value)))
    expect([...all]).toEqual(Array.from({ length: all.size }, (_, bucket) => bucket))
    expect([bucketOf(-1), bucketOf(NaN), bucketOf(0.5)]).toEqual([0, 0, 0])
  })

  test('quantiles', () => {
    const histogram = [
      [bucketOf(100), 90],
      [bucketOf(10_000), 9],
      [bucketOf(1_000_000), 1],
    ] as const
    expect(quantile(histogram, 0.5)).toBe(middle(bucketOf(100)))
    expect(quantile(histogram, 0.95)).toBe(middle(bucketOf(10_000)))
    expect(quantile(histogram, 1)).toBe(middle(bucketOf(1_000_000)))
    expect(quantile([], 0.5)).toBeUndefined()
  })
})

describe('minutes as bytes', () => {
  const counts = fc.record({
    count: fc.nat(),
    sum: fc.maxSafeNat(),
    max: fc.maxSafeNat(),
    histogram: fc
      .uniqueArray(fc.tuple(fc.nat(210), fc.integer({ min: 1, max: 1e9 })), {
        selector: ([bucket]) => bucket,
      })
      .map((list) => list.sort(([a], [b]) => a - b)),
  })
  const minute: fc.Arbitrary<Minute> = fc
    .uniqueArray(fc.tuple(fc.nat(), counts), { selector: ([series]) => series })
    .map((list) => new Map(list))

  test('they come back as they were', () => {
    fc.assert(
      fc.property(minute, (one) => {
        expect(unpackMinute(packMinute(one))).toEqual(one)
      }),
    )
  })

  test('cut bytes are an error, a series with one bucket is small', () => {
    const small: Minute = new Map([
      [7, { count: 40, sum: 30_000, max: 900, histogram: [[35, 40]] }],
    ])
    const bytes = packMinute(small)
    expect(bytes.length).toBeLessThan(12)
    expect(() => unpackMinute(bytes.subarray(0, -1))).toThrow(TypeError)
  })
})

describe('the buffer of a journal', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const arrival = (id: string, verified = true): Arrival => ({
    id,
    at: 0,
    receiver: 'shop',
    provider: 'acme',
    method: 'POST',
    path: '/',
    outcome: verified ? 'duplicate' : 'rejected',
    verified,
    status: 200,
    took: 1,
    bytes: 2,
    topics: [],
    ids: [],
    keys: [],
  })
  const name: SeriesName = {
    receiver: 'shop',
    subscription: 'ship',
    kind: 'attempt',
    by: 'outcome',
    value: 'done',
  }

  const gauge = (more: Partial<MinuteGauge> = {}): MinuteGauge => ({
    minute: 60_000,
    receiver: 'shop',
    subscription: 'ship',
    pending: 1,
    running: 0,
    dead: 0,
    oldestDueAt: undefined,
    ...more,
  })

  function make() {
    const batches: JournalBatch[] = []
    const buffer = createJournalBuffer((batch) => void batches.push(batch))
    const arrive = (count: number, verified = true): void => {
      for (let at = 0; at < count; at++) buffer.arrived(arrival(`${at}`, verified))
    }
    const count = (value: string, at = 0, other: Partial<SeriesName> = {}): void =>
      buffer.series({ ...name, value, ...other }).add(at, 1)
    return { buffer, batches, arrive, count }
  }
  const ids = (batch: JournalBatch | undefined): readonly string[] =>
    batch!.arrived.map(({ id }) => id)

  test('what came is written within a second, in one batch', async () => {
    const { buffer, batches } = make()
    buffer.arrived(arrival('1'))
    buffer.series(name).add(61_000, 1.5)
    buffer.gauge(gauge({ oldestDueAt: 5 }))
    buffer.gauge(gauge({ pending: 2, oldestDueAt: 6 }))
    await vi.advanceTimersByTimeAsync(999)
    expect(batches).toEqual([])
    buffer.arrived(arrival('2'))
    await vi.advanceTimersByTimeAsync(1)
    expect(batches).toHaveLength(1)
    expect(ids(batches[0])).toEqual(['1', '2'])
    expect(batches[0]!.gauges).toEqual([expect.objectContaining({ pending: 2, oldestDueAt: 6 })])
    expect(batches[0]!.minutes).toEqual([
      { ...name, minute: 60_000, count: 1, sum: 1500, max: 1500, histogram: [[bucketOf(1500), 1]] },
    ])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(batches).toHaveLength(1)
  })

  test('rings have rates of their own, and what was not kept is counted', async () => {
    const { buffer, batches, arrive } = make()
    arrive(55, false)
    arrive(1003)
    await buffer.flush()
    const verified = batches.flatMap(({ arrived }) => arrived.map((each) => each.verified))
    expect([verified.length, verified.indexOf(true)]).toEqual([1050, 50])
    expect(batches.map(({ arrived, lost }) => [arrived.length, lost])).toEqual([
      [500, 8],
      [500, 0],
      [50, 0],
    ])
    arrive(1, false)
    await buffer.flush()
    expect(batches[3]).toMatchObject({ arrived: [{ id: '0' }], lost: 0 })
  })

  test('a row that would be lost need not be made: who asks counts it', async () => {
    const { buffer, batches, arrive } = make()
    arrive(999)
    expect(buffer.takes(true)).toBe(true)
    buffer.arrived(arrival('1'))
    expect([buffer.takes(true), buffer.takes(false)]).toEqual([false, true])
    await buffer.flush()
    expect(batches).toMatchObject([{ lost: 1 }, {}])
    await buffer.close()
    expect(buffer.takes(true)).toBe(false)
  })

  test('batches that fail are lost and counted until one is written; a flush of nothing writes nothing', async () => {
    let fails = true
    const batches: JournalBatch[] = []
    const buffer = createJournalBuffer((batch) => {
      if (fails) throw new Error('the disk is full')
      batches.push(batch)
    })
    for (const id of ['1', '2', '3']) {
      buffer.arrived(arrival(id))
      await buffer.flush()
    }
    fails = false
    await buffer.flush()
    await buffer.flush()
    expect(batches).toEqual([{ arrived: [], minutes: [], gauges: [], lost: 3 }])
  })

  test('a slow store has one write at a time, and deliveries never wait', async () => {
    const open: (() => void)[] = []
    const written: string[][] = []
    const buffer = createJournalBuffer((batch) => {
      written.push([...ids(batch)])
      return new Promise((resolve) => open.push(resolve))
    })
    buffer.arrived(arrival('1'))
    await vi.advanceTimersByTimeAsync(1000)
    buffer.arrived(arrival('2'))
    await vi.advanceTimersByTimeAsync(1000)
    buffer.arrived(arrival('3'))
    await vi.advanceTimersByTimeAsync(1000)
    expect(written).toEqual([['1']])
    open[0]!()
    await vi.advanceTimersByTimeAsync(0)
    expect(written).toEqual([['1'], ['2', '3']])
    open[1]!()
  })

  test('a minute has its count, sum, most and histogram, also when a clock goes back', async () => {
    const { buffer, batches } = make()
    const series = buffer.series(name)
    expect(buffer.series({ ...name })).toBe(series)
    for (const took of [5, 0.5, 5, -3]) series.add(60_001, took)
    series.add(119_999, 1)
    series.add(120_000, 4)
    series.add(119_999, 2)
    await buffer.flush()
    expect(batches[0]!.minutes).toMatchObject([
      {
        ...name,
        minute: 60_000,
        count: 5,
        sum: 11_500,
        max: 5000,
        histogram: [[0, 1], ...[500, 1000].map((took) => [bucketOf(took), 1]), [bucketOf(5000), 2]],
      },
      { minute: 120_000, count: 1, sum: 4000, max: 4000 },
      { minute: 60_000, count: 1, sum: 2000, max: 2000 },
    ])
  })

  test('values beyond the most are other; those that are known, and another name, have their own', async () => {
    const { buffer, batches, count } = make()
    for (let value = 0; value < 50; value++) count(`${value}`)
    for (const value of ['more', 'most', '0', 'other']) count(value)
    const others = [{ receiver: 'bank' }, { subscription: 'mail' }, { by: 'cause' }] as const
    for (const other of [...others, { kind: 'end-to-end' } as const]) count('dead', 0, other)
    await buffer.flush()
    const counted = batches[0]!.minutes.filter(({ value }) => !(Number(value) > 0))
    expect(counted.map((minute) => [minute.value, minute.count])).toEqual([
      ['0', 2],
      ['other', 3],
      ...Array.from({ length: 4 }, () => ['dead', 1]),
    ])
  })

  test('a gauge alone is written too, by receiver, subscription and minute', async () => {
    const { buffer, batches } = make()
    const others = [{ receiver: 'bank' }, { subscription: 'mail' }, { minute: 120_000 }, {}]
    for (const other of others) buffer.gauge(gauge(other))
    await vi.advanceTimersByTimeAsync(1000)
    expect(batches.map(({ gauges }) => gauges)).toEqual([others.map(gauge)])
  })

  test('rows of all kinds share batches, which are bounded', async () => {
    const { buffer, batches, arrive, count } = make()
    arrive(501)
    for (let value = 0; value < 40; value++)
      for (let at = 0; at < 20; at++) count(`${value}`, at * 60_000)
    for (let at = 0; at < 300; at++) buffer.gauge(gauge({ subscription: `${at}` }))
    await buffer.flush()
    expect(
      batches.map((batch) => [batch.arrived.length, batch.minutes.length, batch.gauges.length]),
    ).toEqual([
      [500, 500, 0],
      [1, 300, 200],
      [0, 0, 100],
    ])
    const all = new Set(batches.flatMap(({ gauges }) => gauges.map((each) => each.subscription)))
    expect(all.size).toBe(300)
  })

  test('it does not keep a process alive', async () => {
    vi.useRealTimers()
    const before = process.getActiveResourcesInfo()
    const { buffer } = make()
    buffer.arrived(arrival('1'))
    expect(process.getActiveResourcesInfo()).toEqual(before)
    await buffer.close()
  })

  test('one timer is on, and none after a flush', async () => {
    const { buffer } = make()
    buffer.arrived(arrival('1'))
    buffer.arrived(arrival('2'))
    expect(vi.getTimerCount()).toBe(1)
    await buffer.flush()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('closing writes what is left and takes nothing more', async () => {
    const { buffer, batches } = make()
    const series = buffer.series(name)
    buffer.arrived(arrival('1'))
    await buffer.close()
    buffer.gauge(gauge())
    series.add(0, 1)
    buffer.arrived(arrival('2'))
    expect(vi.getTimerCount()).toBe(0)
    await buffer.flush()
    expect(batches.flatMap(ids)).toEqual(['1'])
    expect(batches.flatMap(({ gauges }) => gauges)).toEqual([])
  })
})
