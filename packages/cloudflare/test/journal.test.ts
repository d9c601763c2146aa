import type { Arrival, Journal } from '@postern/core/inbox'
import type { JournalBatch } from '@postern/core/engine'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sharedJournal } from '../src/object/journal.ts'

let written: JournalBatch[]
let fails: boolean
let journal: Journal

beforeEach(() => {
  vi.useFakeTimers()
  written = []
  fails = false
  journal = sharedJournal({
    write: async (batch: JournalBatch) => {
      if (fails) throw new Error('the storage failed')
      written.push(batch)
    },
  } as Journal)
})
afterEach(() => void vi.useRealTimers())

const batch = (...ids: string[]): JournalBatch => ({
  arrived: ids.map((id) => ({ id }) as Arrival),
  minutes: [],
  gauges: [],
  lost: 1,
})

test('batches of one moment are written as one, and each writer hears of it', async () => {
  const both = Promise.all([journal.write(batch('1')), journal.write(batch('2', '3'))])
  await vi.advanceTimersByTimeAsync(1000)
  await both
  expect(written).toEqual([
    { arrived: [{ id: '1' }, { id: '2' }, { id: '3' }], minutes: [], gauges: [], lost: 2 },
  ])
  const next = journal.write(batch('4'))
  await vi.advanceTimersByTimeAsync(1000)
  await next
  expect(written).toHaveLength(2)
})

test('many entries are written at once', async () => {
  await journal.write(batch(...Array.from({ length: 1000 }, (_, at) => String(at))))
  expect(written).toHaveLength(1)
})

test('a failure reaches all whose batches are lost, and no later one', async () => {
  fails = true
  const both = Promise.allSettled([journal.write(batch('1')), journal.write(batch('2'))])
  await vi.advanceTimersByTimeAsync(1000)
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fails = false
  const next = journal.write(batch('3'))
  await vi.advanceTimersByTimeAsync(1000)
  await next
  expect(written).toMatchObject([{ arrived: [{ id: '3' }] }])
})
