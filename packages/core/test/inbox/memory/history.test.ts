import { expect, test } from 'vitest'
import { createHistory } from '../../../src/inbox/memory/journal/history.ts'
import { createSeriesTable } from '../../../src/observe/series.ts'

const MINUTE = 60_000
const DAY = 1440 * MINUTE
const A_MINUTE = 694
const OUTCOMES = ['done', 'retry', 'dead', 'postpone']

test('30 days of a million deliveries a day, of ten subscriptions, take less than 24 MB', () => {
  const history = createHistory(30 * DAY)
  let seed = 1
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  // From 1 ms to 1 s, as many in each power of ten.
  const took = (): number => 10 ** (3 * random())
  for (let minute = 0; minute < 120; minute++) {
    const table = createSeriesTable(50, () => {})
    const at = minute * MINUTE
    for (let count = 0; count < A_MINUTE; count++) {
      const subscription = `s${Math.floor(random() * 10)}`
      const name = { receiver: 'shop', subscription, by: 'outcome' } as const
      const value = random() < 0.9 ? 'done' : OUTCOMES[Math.floor(random() * 4)]!
      table.of({ receiver: 'shop', kind: 'delivery', by: 'outcome', value: 'accepted' }).add(at, 1)
      table.of({ ...name, kind: 'attempt', value }).add(at, took())
      table.of({ ...name, kind: 'end-to-end', value: 'done' }).add(at, took())
    }
    for (const counted of table.take()) history.count(counted)
  }
  history.expire(DAY)
  const minutes = history.bytes * 12
  history.expire(3 * DAY)
  const hours = history.bytes * 12
  expect(hours).toBeLessThan(minutes / 4)
  expect(2 * minutes + 28 * hours).toBeLessThan(24e6)
})
