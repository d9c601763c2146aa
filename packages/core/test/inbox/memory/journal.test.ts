import { afterEach, describe, expect, test, vi } from 'vitest'
import { memoryInbox, RetryAfterError } from '../../../src/index.ts'
import type { Arrival, Bucket, Journal, MinuteCount } from '../../../src/inbox/index.ts'
import { setup } from '../../acme.ts'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NOW = Math.floor(Date.now() / HOUR) * HOUR

afterEach(() => vi.useRealTimers())

let made = 0
function arrival(options: Partial<Arrival> = {}): Arrival {
  const at = options.at ?? NOW + made
  return {
    id: `${at.toString(36).padStart(9, '0')}${String(made++).padStart(6, '0')}`,
    at,
    receiver: 'shop',
    provider: 'acme',
    method: 'POST',
    path: '/hook',
    outcome: 'accepted',
    verified: true,
    status: 200,
    took: 1,
    bytes: 10,
    topics: ['order.paid'],
    ids: [],
    keys: [],
    ...options,
  }
}

const rejected = (options: Partial<Arrival> = {}): Arrival =>
  arrival({
    outcome: 'rejected',
    verified: false,
    code: 'signature_mismatch',
    status: 401,
    ...options,
  })

const journalOf = (...options: Parameters<typeof memoryInbox>): Journal =>
  memoryInbox(...options).journal!

const batch = (arrived: readonly Arrival[]): Parameters<Journal['write']>[0] => ({
  arrived,
  minutes: [],
  gauges: [],
  lost: 0,
})

describe('deliveries', () => {
  test('are bounded by bytes and age', async () => {
    const journal = journalOf()
    const body = new Uint8Array(256 * 1024)
    for (let at = 0; at < 400; at++)
      await journal.write(
        batch([rejected({ code: `c${at}`, kept: { url: '/', headers: [], body } })]),
      )
    const { rows } = await journal.deliveries({ limit: 1000 })
    expect(rows.length).toBeGreaterThan(245)
    expect(rows.length).toBeLessThan(260)
    await journal.write(batch([arrival({ at: Date.now() - 31 * DAY, ids: ['old'] })]))
    expect((await journal.deliveries({ eventId: 'old' })).rows).toEqual([])
  })
})

describe('history', () => {
  const count = (minute: number, options: Partial<MinuteCount> = {}): MinuteCount => ({
    minute,
    receiver: 'shop',
    kind: 'delivery',
    by: 'outcome',
    value: 'accepted',
    count: 1,
    sum: 100,
    max: 100,
    histogram: [[20, 1]],
    ...options,
  })
  const write = async (journal: Journal, minutes: readonly MinuteCount[]): Promise<void> =>
    journal.write({ arrived: [], minutes, gauges: [], lost: 0 })

  test('becomes hours after two days, and is dropped after 30', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: NOW })
    const journal = journalOf()
    for (let minute = 0; minute < 120; minute++)
      await write(journal, [count(NOW + minute * MINUTE)])
    const total = (buckets: readonly Bucket[]): number =>
      buckets.reduce((sum, bucket) => sum + ('count' in bucket ? bucket.count : 0), 0)
    const range = { from: NOW, to: NOW + DAY, step: MINUTE }
    expect(await journal.history(range)).toHaveLength(120)
    await later(3 * DAY)
    const hours = await journal.history(range)
    expect(hours.map(({ from }) => from)).toEqual([NOW, NOW + HOUR])
    expect(total(hours)).toBe(120)
    await later(28 * DAY)
    expect(await journal.history(range)).toEqual([])

    async function later(time: number): Promise<void> {
      vi.advanceTimersByTime(time)
      // Each written batch packs only a part of the old minutes.
      for (let batches = 0; batches < 3; batches++) await write(journal, [])
    }
  })
})

test('what became of each delivery is answered from the journal alone', async () => {
  const inbox = memoryInbox()
  const { receiver, heard, send } = setup({ inbox })
  receiver.on('ping', (event, task) => {
    if (event.id === 'e1' && task.attempt < 3) throw new RetryAfterError(0)
    if (event.id === 'e2') throw new RetryAfterError('1h')
  })
  await send({ id: 'e1' })
  await heard.until('done')
  await send({ id: 'e1' })
  await send({ id: 'e2' })
  await heard.until('retried', 3)
  await send({ id: 'e3', topic: 'other' })
  await receiver.receive({
    ...receiver.provider.sign!({ id: 'e4', payload: {} }),
    body: Buffer.from('{"x":1}'),
  })
  await receiver.close()
  const { rows } = await inbox.journal!.deliveries()
  expect(rows.map(({ outcome }) => outcome)).toEqual([
    'rejected',
    'unhandled',
    'accepted',
    'duplicate',
    'accepted',
  ])
  expect(rows[0]).toMatchObject({ code: 'signature_mismatch', verified: false, status: 401 })
  const { keys } = rows[2]!
  const [task] = (await inbox.view!.list({ keys })).rows!
  expect(task).toMatchObject({ event: { id: 'e2' }, state: 'pending', attempts: 1 })
  expect(await inbox.journal!.attempts(task!.id)).toMatchObject([{ outcome: 'retry', attempt: 1 }])
  const from = Math.floor(Date.now() / HOUR) * HOUR - HOUR
  const buckets = await inbox.journal!.history({
    from,
    to: from + 2 * HOUR,
    step: 2 * HOUR,
    kind: 'attempt',
  })
  expect(buckets).toHaveLength(2)
  expect(buckets).toContainEqual(expect.objectContaining({ value: 'done', count: 1 }))
  expect(buckets).toContainEqual(expect.objectContaining({ value: 'retry', count: 3 }))
})
