import { describe, expect, test } from 'vitest'
import type { HistoryRange } from '../../../../src/inbox/index.ts'
import {
  countKey,
  countsOf,
  createBuckets,
  gaugeCounts,
  gaugeKey,
  HOUR,
  MINUTE,
  type SeriesKey,
} from '../../../../src/inbox/engine/journal/buckets.ts'

const RANGE: HistoryRange = { from: 10 * MINUTE, to: 30 * MINUTE, step: 5 * MINUTE }
const KEY: SeriesKey = ['delivery', 'outcome', 'accepted', 'shop', null]
const GAUGE: SeriesKey = ['gauge', null, null, 'shop', 'ship']
const counts = (count: number) => ({ count, sum: count, max: 1, histogram: [[1, count]] as const })

describe('ranges', () => {
  test.each<[object, RegExp?]>([
    [{ from: NaN }, /from and to/],
    [{ from: -Infinity }, /from and to/],
    [{ to: Infinity }, /from and to/],
    [{ to: NaN }],
    [{ from: RANGE.to }],
    [{ from: RANGE.to + 1 }],
    [{ step: 0 }],
    [{ step: -MINUTE }],
    [{ step: MINUTE / 2 }],
    [{ step: MINUTE * 1.5 }],
    [{ step: NaN }, /step/],
    [{ step: '60000' }],
    [{ step: 2 ** 53 * MINUTE }],
    [{ from: 0, to: 10_001 * MINUTE, step: MINUTE }],
    [{ steps: MINUTE }],
  ])('%j is rejected', (wrong, option = /^history: /) => {
    expect(() => createBuckets({ ...RANGE, ...wrong } as HistoryRange)).toThrow(TypeError)
    expect(() => createBuckets({ ...RANGE, ...wrong } as HistoryRange)).toThrow(option)
  })

  test('ten thousand steps of a minute are not too many, and every key may be given', () => {
    createBuckets({
      from: 0,
      to: 10_000 * MINUTE,
      step: MINUTE,
      receiver: 'shop',
      subscription: 'ship',
      kind: 'attempt',
      by: 'cause',
    })
    createBuckets({ from: 1, to: 2, step: MINUTE })
  })

  test('the first span is the one in which the range begins', () => {
    const buckets = createBuckets({ ...RANGE, from: 70 * MINUTE + 1, to: 80 * MINUTE })
    expect([buckets.first(MINUTE), buckets.first(HOUR)]).toEqual([70 * MINUTE, HOUR])
  })
})

describe('series', () => {
  const attempt: SeriesKey = ['attempt', 'cause', 'x', 'shop', 'ship']
  test.each<[Partial<HistoryRange>, SeriesKey, boolean]>([
    [{}, KEY, true],
    [{}, attempt, false],
    [{}, ['delivery', 'code', 'x', 'shop', null], false],
    [{ by: 'code' }, KEY, false],
    [{ kind: 'attempt', by: 'cause' }, attempt, true],
    [{ receiver: 'shop' }, KEY, true],
    [{ receiver: 'bank' }, KEY, false],
    [{ subscription: 'ship' }, KEY, false],
    [{ kind: 'attempt', by: 'cause', subscription: 'ship' }, attempt, true],
    [{ kind: 'attempt', by: 'cause', subscription: 'mail' }, attempt, false],
    [{ kind: 'gauge' }, GAUGE, true],
    [{ kind: 'gauge', receiver: 'bank' }, GAUGE, false],
    [{ kind: 'gauge' }, KEY, false],
  ])('%j wants %j: %s', (more, key, expected) => {
    expect(createBuckets({ ...RANGE, ...more }).wants(key)).toBe(expected)
  })

  test('have a name for counts and one for gauges', () => {
    const name = { receiver: 'shop', kind: 'delivery', by: 'outcome', value: 'accepted' } as const
    const counted = { minute: 0, ...counts(2) }
    expect(countKey({ ...name, ...counted })).toEqual(KEY)
    expect(countKey({ ...name, ...counted, subscription: 'ship' })[4]).toBe('ship')
    expect(countsOf({ ...name, ...counted })).toEqual(counts(2))
    const gauge = { minute: 0, receiver: 'shop', subscription: 'ship', pending: 3, running: 2 }
    expect(gaugeKey({ ...gauge, dead: 1, oldestDueAt: 7.9 })).toEqual(GAUGE)
    expect(gaugeCounts({ ...gauge, dead: 1, oldestDueAt: 7.9 })).toEqual({
      count: 3,
      sum: 2,
      max: 1,
      histogram: [[0, 7]],
    })
    expect(gaugeCounts({ ...gauge, dead: 1, oldestDueAt: -1 }).histogram).toEqual([[0, 0]])
    expect(gaugeCounts({ ...gauge, dead: 1, oldestDueAt: undefined }).histogram).toEqual([])
  })
})

describe('buckets', () => {
  test('counts of a step add up, and the oldest come first', () => {
    const buckets = createBuckets(RANGE)
    const failed: SeriesKey = ['delivery', 'outcome', 'rejected', 'shop', null]
    buckets.add(20 * MINUTE, KEY, counts(1))
    // A span that overlaps the range counts in its first step.
    buckets.add(5 * MINUTE, KEY, counts(2))
    buckets.add(14 * MINUTE, KEY, counts(4))
    buckets.add(15 * MINUTE, failed, counts(8))
    const all = buckets.all()
    expect(all.map((one) => [one.from / MINUTE, 'value' in one && one.value])).toEqual([
      [10, 'accepted'],
      [15, 'rejected'],
      [20, 'accepted'],
    ])
    expect(all[0]).toEqual({
      from: 10 * MINUTE,
      receiver: 'shop',
      kind: 'delivery',
      by: 'outcome',
      value: 'accepted',
      ...counts(6),
    })
  })

  test('a bucket names its subscription if it has one', () => {
    const buckets = createBuckets({ ...RANGE, kind: 'attempt' })
    buckets.add(RANGE.from, ['attempt', 'outcome', 'done', 'shop', 'ship'], counts(1))
    expect(buckets.all()).toMatchObject([{ kind: 'attempt', subscription: 'ship' }])
  })

  test('of gauges the last one of a step counts', () => {
    const buckets = createBuckets({ ...RANGE, kind: 'gauge' })
    const at = RANGE.from
    buckets.add(at, GAUGE, { count: 9, sum: 9, max: 9, histogram: [[0, 9]] })
    buckets.add(at + MINUTE, GAUGE, { count: 3, sum: 2, max: 1, histogram: [[0, 7]] })
    buckets.add(at + 5 * MINUTE, GAUGE, { count: 0, sum: 0, max: 0, histogram: [] })
    const name = { kind: 'gauge', receiver: 'shop', subscription: 'ship' }
    expect(buckets.all()).toEqual([
      { ...name, from: at, pending: 3, running: 2, dead: 1, oldestDueAt: 7 },
      { ...name, from: at + 5 * MINUTE, pending: 0, running: 0, dead: 0, oldestDueAt: undefined },
    ])
  })
})
