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

test('counts are told by kind, by, receiver and subscription, in steps, and mistakes are TypeErrors', async () => {
  const journal = journalOf()
  const one = { receiver: 'shop', kind: 'attempt', by: 'outcome', value: 'done', subscription: 'a' }
  const counts = { count: 1, sum: 5, max: 5, histogram: [[20, 1]] as const }
  const row = (minute: number, more: object = {}) => ({ minute, ...one, ...counts, ...more })
  const minutes = [
    row(NOW),
    row(NOW + MINUTE, {
      max: 9,
      sum: 9,
      histogram: [
        [10, 2],
        [20, 1],
      ],
    }),
    row(NOW + 2 * MINUTE),
    row(NOW, { receiver: 'bank' }),
    row(NOW, { subscription: 'b' }),
    row(NOW, { by: 'cause', value: 'x' }),
    row(NOW, { kind: 'delivery', value: 'accepted', subscription: undefined }),
  ] as unknown as MinuteCount[]
  const gauge = (minute: number, pending: number, oldestDueAt?: number) => ({
    minute,
    receiver: 'shop',
    subscription: 'a',
    pending,
    running: 2,
    dead: 3,
    oldestDueAt,
  })
  const gauges = [gauge(NOW, 1, 50.5), gauge(NOW + MINUTE, 4), gauge(NOW + 2 * MINUTE, 5, -1)]
  await journal.write({ arrived: [], minutes, gauges, lost: 0 })
  const range = { from: NOW, to: NOW + 3 * MINUTE, step: 2 * MINUTE }
  const attempts = await journal.history({
    ...range,
    kind: 'attempt',
    subscription: 'a',
    receiver: 'shop',
  })
  const merged = {
    count: 2,
    sum: 14,
    max: 9,
    histogram: [
      [10, 2],
      [20, 2],
    ],
  }
  expect(attempts).toEqual([
    { from: NOW, ...one, ...merged },
    { from: NOW + 2 * MINUTE, ...one, ...counts },
  ])
  const count = async (more: object) => (await journal.history({ ...range, ...more })).length
  expect(await count({ kind: 'attempt' })).toBe(4)
  expect(await count({ kind: 'attempt', by: 'cause' })).toBe(1)
  expect(await count({})).toBe(1)
  expect((await journal.history(range))[0]).not.toHaveProperty('subscription')
  const shown = { kind: 'gauge', receiver: 'shop', subscription: 'a', running: 2, dead: 3 }
  expect(await journal.history({ ...range, kind: 'gauge' })).toEqual([
    { ...shown, from: NOW, pending: 4, oldestDueAt: undefined },
    { ...shown, from: NOW + 2 * MINUTE, pending: 5, oldestDueAt: 0 },
  ])
  const mistakes: readonly [object, string][] = [
    [{ until: 1 }, 'history: unknown option until'],
    [
      { from: NOW, to: NOW },
      `history: from and to must be milliseconds since 1970 in that order, got ${NOW} and ${NOW}`,
    ],
    [{ to: Infinity }, 'history: from and to must be'],
    [{ step: 1.5 * MINUTE }, 'history: step must be whole minutes in milliseconds, got 90000'],
    [{ step: 0 }, 'history: step must be whole minutes in milliseconds, got 0'],
    [
      { to: NOW + 10_001 * MINUTE, step: MINUTE },
      'history: 10001 steps are more than 10000; use a wider step',
    ],
  ]
  for (const [more, says] of mistakes)
    await expect(journal.history({ ...range, ...more })).rejects.toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(says) }),
    )
  expect(await count({ to: NOW + 10_000 * MINUTE, step: MINUTE })).toBe(1)
})

test('a list of deliveries ends at `since`, and says how far it came when its time is over', async () => {
  const journal = journalOf()
  const at = (n: number) => NOW + n
  const all = Array.from({ length: 600 }, (_, n) =>
    arrival({ at: at(n), path: `/${n}`, replyBody: 'x' }),
  )
  await journal.write(batch(all))
  const paths = async (filter: object) =>
    (await journal.deliveries(filter)).rows.map(({ path }) => path)
  expect(await paths({ since: at(597) })).toEqual(['/599', '/598', '/597'])
  expect(await paths({ since: at(2), until: at(4), limit: 5 })).toEqual(['/3', '/2'])
  const page = await journal.deliveries({ text: '/1', budget: 0 })
  expect(page).toMatchObject({ rows: [], searchedTo: at(344) })
  const rest = await journal.deliveries({ text: '/10', cursor: page.cursor!, limit: 2 })
  expect(rest.rows.map(({ path }) => path)).toEqual(['/109', '/108'])
  expect(rest.searchedTo).toBe(at(108))
  expect(rest.rows[0]).not.toHaveProperty('replyBody')
  expect(await journal.delivery(all[0]!.id)).toMatchObject({ replyBody: 'x' })
  expect(await journal.delivery('none')).toBe(undefined)
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
