import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  addCounts,
  packMinute,
  unpackMinute,
  type Minute,
} from '../../../../src/inbox/engine/journal/buckets.ts'
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

  test('they add up, over processes and over an hour', () => {
    const one = { count: 2, sum: 30, max: 20, histogram: [[3, 2]] } as const
    const other = {
      count: 3,
      sum: 70,
      max: 50,
      histogram: [
        [2, 1],
        [3, 2],
      ],
    } as const
    expect(addCounts([one, other])).toEqual({
      count: 5,
      sum: 100,
      max: 50,
      histogram: [
        [2, 1],
        [3, 4],
      ],
    })
    expect(addCounts([one])).toBe(one)
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

  function make(options: Partial<Parameters<typeof createJournalBuffer>[0]> = {}) {
    const batches: JournalBatch[] = []
    const buffer = createJournalBuffer({ write: (batch) => void batches.push(batch), ...options })
    return { buffer, batches }
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
    const { buffer, batches } = make({ perSecond: 3, unverifiedPerSecond: 2 })
    for (let at = 0; at < 10; at++) buffer.arrived(arrival(`u${at}`, false))
    for (let at = 0; at < 5; at++) buffer.arrived(arrival(`v${at}`))
    await buffer.flush()
    expect(ids(batches[0])).toEqual(['u0', 'u1', 'v0', 'v1', 'v2'])
    expect(batches[0]!.lost).toBe(10)
    buffer.arrived(arrival('later', false))
    await buffer.flush()
    expect(batches[1]).toMatchObject({ lost: 0 })
    expect(ids(batches[1])).toEqual(['later'])
  })

  test('rows of a batch are bounded', async () => {
    const { buffer, batches } = make({ rows: 4 })
    for (let at = 0; at < 5; at++) buffer.arrived(arrival(`${at}`))
    for (let value = 0; value < 9; value++) buffer.series({ ...name, value: `${value}` }).add(0, 1)
    await buffer.flush()
    expect(batches.map(({ arrived, minutes }) => [arrived.length, minutes.length])).toEqual([
      [4, 4],
      [1, 4],
      [0, 1],
    ])
  })

  test('a row that would be lost need not be made: who asks counts it', async () => {
    const { buffer, batches } = make({ perSecond: 1 })
    expect(buffer.takes(true)).toBe(true)
    buffer.arrived(arrival('1'))
    expect([buffer.takes(true), buffer.takes(false)]).toEqual([false, true])
    await buffer.flush()
    expect(batches).toMatchObject([{ arrived: [{ id: '1' }], lost: 1 }])
    await buffer.close()
    expect(buffer.takes(true)).toBe(false)
  })

  test('a batch that fails is lost and counted, and the next one is written', async () => {
    let fails = true
    const batches: JournalBatch[] = []
    const { buffer } = make({
      write(batch) {
        if (fails) throw new Error('the disk is full')
        batches.push(batch)
      },
    })
    buffer.arrived(arrival('1'))
    buffer.arrived(arrival('2'))
    await buffer.flush()
    fails = false
    buffer.arrived(arrival('3'))
    await buffer.flush()
    expect(batches).toEqual([{ arrived: [arrival('3')], minutes: [], gauges: [], lost: 2 }])
  })

  test('a slow store has one write at a time, and deliveries never wait', async () => {
    const open: (() => void)[] = []
    const written: string[][] = []
    const { buffer } = make({
      write(batch) {
        written.push([...ids(batch)])
        return new Promise((resolve) => open.push(resolve))
      },
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

  test('a series counts by minute, and keeps no more values than it may', async () => {
    const { buffer, batches } = make({ values: 2 })
    const series = buffer.series(name)
    expect(buffer.series({ ...name })).toBe(series)
    series.add(60_000, 1)
    series.add(119_999, 2)
    series.add(120_000, 4)
    for (const value of ['dead', 'retry', 'odd']) buffer.series({ ...name, value }).add(60_000, 1)
    await buffer.flush()
    expect(
      batches[0]!.minutes.map(({ value, minute, count, sum }) => [value, minute, count, sum]),
    ).toEqual([
      ['done', 60_000, 2, 3000],
      ['done', 120_000, 1, 4000],
      ['dead', 60_000, 1, 1000],
      ['other', 60_000, 2, 2000],
    ])
  })

  test('a gauge alone is written too, by receiver, subscription and minute', async () => {
    const { buffer, batches } = make()
    const others = [{ receiver: 'bank' }, { subscription: 'mail' }, { minute: 120_000 }, {}]
    for (const other of others) buffer.gauge(gauge(other))
    await vi.advanceTimersByTimeAsync(1000)
    expect(batches.map(({ gauges }) => gauges)).toEqual([others.map(gauge)])
  })

  test('rows of all kinds share a batch, and what was lost is told once', async () => {
    const { buffer, batches } = make({ rows: 2, perSecond: 3 })
    for (const id of ['1', '2', '3', '4']) buffer.arrived(arrival(id))
    for (const value of ['a', 'b']) buffer.series({ ...name, value }).add(0, 1)
    for (const subscription of ['x', 'y']) buffer.gauge(gauge({ subscription }))
    await buffer.flush()
    expect(
      batches.map(({ arrived, minutes, gauges, lost }) => [
        [
          ...arrived.map(({ id }) => id),
          ...minutes.map(({ value }) => value),
          ...gauges.map(({ subscription }) => subscription),
        ].join(''),
        lost,
      ]),
    ).toEqual([
      ['12ab', 1],
      ['3xy', 0],
    ])
  })

  test('rates are for the time between two writes, and one is always kept', async () => {
    const counts = [
      { every: 500, perSecond: 4, unverifiedPerSecond: 2 },
      { every: 2000, perSecond: 4, unverifiedPerSecond: 2 },
      { every: 100, perSecond: 1, unverifiedPerSecond: 1 },
      {},
    ].map(async (options) => {
      const { buffer, batches } = make({ rows: 5000, ...options })
      for (let at = 0; at < 1001; at++) {
        buffer.arrived(arrival('v'))
        buffer.arrived(arrival('u', false))
      }
      await buffer.flush()
      const kept = ids(batches[0])
      return ['v', 'u'].map((ring) => kept.filter((id) => id === ring).length)
    })
    expect(await Promise.all(counts)).toEqual([
      [2, 1],
      [8, 4],
      [1, 1],
      [1000, 50],
    ])
  })

  test('what is lost again and again adds up, and a flush of nothing writes nothing', async () => {
    let fails = true
    const batches: JournalBatch[] = []
    const { buffer } = make({
      perSecond: 1,
      async write(batch) {
        if (fails) throw new Error('the disk is full')
        batches.push(batch)
      },
    })
    for (let at = 0; at < 2; at++) {
      buffer.arrived(arrival('1'))
      buffer.arrived(arrival('2'))
      await buffer.flush()
    }
    fails = false
    await buffer.flush()
    await buffer.flush()
    expect(batches).toEqual([{ arrived: [], minutes: [], gauges: [], lost: 4 }])
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
