import { expect, test } from 'vitest'
import { bucketOf } from '../../../../src/inbox/engine/index.ts'
import { createSeriesTable, type SeriesName } from '../../../../src/observe/journal-buffer.ts'

const NAME: SeriesName = {
  receiver: 'shop',
  subscription: 'ship',
  kind: 'attempt',
  by: 'outcome',
  value: 'done',
}

test('a minute has its count, sum, most and histogram', () => {
  let told = 0
  const table = createSeriesTable(5, () => told++)
  const series = table.of(NAME)
  expect(table.take()).toEqual([])
  for (const took of [5, 0.5, 5, -3]) series.add(60_001, took)
  expect(told).toBe(1)
  expect(table.take()).toEqual([
    {
      ...NAME,
      minute: 60_000,
      count: 4,
      sum: 10_500,
      max: 5000,
      histogram: [
        [0, 1],
        [bucketOf(500), 1],
        [bucketOf(5000), 2],
      ],
    },
  ])
  expect(table.take()).toEqual([])
  series.add(60_002, 2)
  expect(told).toBe(2)
  expect(table.take()).toMatchObject([{ minute: 60_000, count: 1, sum: 2000, max: 2000 }])
})

test('minutes are told apart, also when a clock goes back', () => {
  const table = createSeriesTable(5, () => {})
  const series = table.of(NAME)
  for (const at of [0, 59_999, 60_000, 0]) series.add(at, 1)
  expect(table.take().map(({ minute, count }) => [minute, count])).toEqual([
    [0, 2],
    [60_000, 1],
    [0, 1],
  ])
})

test.each<[string, Partial<SeriesName>]>([
  ['receiver', { receiver: 'bank' }],
  ['subscription', { subscription: 'mail' }],
  ['kind', { kind: 'end-to-end' }],
  ['by', { by: 'cause' }],
])('another %s has values of its own', (_, other) => {
  const table = createSeriesTable(1, () => {})
  table.of(NAME).add(0, 1)
  table.of({ ...NAME, value: 'dead' }).add(0, 1)
  table.of({ ...NAME, ...other, value: 'dead' }).add(0, 1)
  expect(table.take().map(({ value }) => value)).toEqual(['done', 'other', 'dead'])
})

test('values beyond the most are other, and those that are known stay', () => {
  const table = createSeriesTable(2, () => {})
  for (const value of ['a', 'b', 'c', 'd', 'a', 'other']) table.of({ ...NAME, value }).add(0, 1)
  expect(table.take().map(({ value, count }) => [value, count])).toEqual([
    ['a', 2],
    ['b', 1],
    ['other', 3],
  ])
})
