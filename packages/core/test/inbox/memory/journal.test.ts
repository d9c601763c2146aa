import { afterEach, describe, expect, test, vi } from 'vitest'
import { memoryInbox, RetryAfterError } from '../../../src/index.ts'
import type { Arrival, Bucket, Journal, MinuteCount } from '../../../src/inbox/index.ts'
import { setup } from '../../acme.ts'
import { DEAD_OUTCOME, drain, intake, item, retryIn, scene } from './scene.ts'

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
  test('accepted and rejected ones are in one order, newest first, page by page', async () => {
    const journal = journalOf()
    const all = Array.from({ length: 9 }, (_, at) =>
      (at % 2 ? rejected : arrival)({ at: NOW + at * 1000, ids: [`e${at}`] }),
    )
    // Two receivers write in batches of their own.
    await journal.write(batch([all[0]!, all[2]!, all[4]!, all[6]!]))
    await journal.write(batch([all[1]!, all[3]!, all[5]!, all[7]!, all[8]!]))
    const ids: string[] = []
    let cursor: string | undefined
    do {
      const page = await journal.deliveries({ limit: 2, ...(cursor !== undefined && { cursor }) })
      ids.push(...page.rows.map((row) => row.ids[0]!))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(ids).toEqual(['e8', 'e7', 'e6', 'e5', 'e4', 'e3', 'e2', 'e1', 'e0'])
    const rejections = await journal.rejections()
    expect(rejections.rows.map((row) => row.ids[0])).toEqual(['e7', 'e5', 'e3', 'e1'])
  })

  test('are found by each key of the filter, and an unknown one is rejected', async () => {
    const journal = journalOf()
    const rows = [
      arrival({ ids: ['a'], topics: ['order.void'] }),
      rejected({ ids: ['b'], receiver: 'bank', provider: 'other', reason: 'Not SIGNED well' }),
      arrival({ ids: ['c'], outcome: 'duplicate', at: NOW + DAY }),
    ]
    await journal.write(batch(rows))
    const ids = async (filter: Parameters<Journal['deliveries']>[0]): Promise<unknown> =>
      (await journal.deliveries(filter)).rows.map((row) => row.ids[0])
    expect(await ids({ topic: 'order.*' })).toEqual(['c', 'b', 'a'])
    expect(await ids({ topic: 'order.void' })).toEqual(['a'])
    expect(await ids({ receiver: 'bank' })).toEqual(['b'])
    expect(await ids({ provider: 'other' })).toEqual(['b'])
    expect(await ids({ outcome: ['duplicate', 'accepted'] })).toEqual(['c', 'a'])
    expect(await ids({ code: 'signature_mismatch' })).toEqual(['b'])
    expect(await ids({ eventId: 'c' })).toEqual(['c'])
    expect(await ids({ text: 'signed' })).toEqual(['b'])
    expect(await ids({ since: NOW + DAY })).toEqual(['c'])
    expect(await ids({ until: NOW + DAY })).toEqual(['b', 'a'])
    await expect(journal.deliveries({ outcom: 'rejected' } as never)).rejects.toThrow(
      'did you mean outcome?',
    )
    await expect(journal.rejections({ outcome: 'lost' as never })).rejects.toThrow(
      'outcome must be one of',
    )
  })

  test("a stranger's flood fills only its own ring, and each keeps its bounds", async () => {
    const journal = journalOf({ maxDeliveries: 100 })
    await journal.write(batch([arrival({ ids: ['genuine'] })]))
    for (let at = 0; at < 50; at++)
      await journal.write(batch(Array.from({ length: 100 }, () => rejected())))
    const { rows } = await journal.deliveries({ limit: 1000 })
    expect(rows).toHaveLength(101)
    expect(rows.at(-1)!.ids).toEqual(['genuine'])
  })

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

  test('keep head and body of the last rejection of a slot, and lists leave them out', async () => {
    const journal = journalOf()
    const rows = Array.from({ length: 5 }, (_, at) =>
      rejected({
        replyBody: 'no',
        slot: `s${at % 3}`,
        kept: { url: '/', headers: [['a', 'b']], body: Buffer.of(at) },
      }),
    )
    await journal.write(batch(rows))
    const kept = await Promise.all(rows.map(async ({ id }) => (await journal.delivery(id))!))
    expect(kept.map((row) => row.kept?.body[0])).toEqual([undefined, undefined, 2, 3, 4])
    expect(kept[0]!.replyBody).toBe('no')
    const [listed] = (await journal.deliveries()).rows
    expect(listed).not.toHaveProperty('kept')
    expect(listed).not.toHaveProperty('replyBody')
    expect(listed).not.toHaveProperty('slot')
    expect(await journal.delivery('none')).toBeUndefined()
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

  test('adds the counts of several batches and processes by step', async () => {
    const journal = journalOf()
    await write(journal, [count(NOW), count(NOW, { value: 'rejected' })])
    await write(journal, [count(NOW, { max: 300, histogram: [[22, 2]] }), count(NOW + MINUTE)])
    await write(journal, [
      count(NOW, { by: 'code', value: 'x' }),
      count(NOW, { kind: 'attempt', subscription: 'a' }),
    ])
    const range = { from: NOW, to: NOW + HOUR, step: 5 * MINUTE }
    const buckets = await journal.history(range)
    expect(buckets).toEqual([
      {
        from: NOW,
        receiver: 'shop',
        kind: 'delivery',
        by: 'outcome',
        value: 'accepted',
        count: 3,
        sum: 300,
        max: 300,
        histogram: [
          [20, 2],
          [22, 2],
        ],
      },
      expect.objectContaining({ value: 'rejected', count: 1 }),
    ])
    expect(await journal.history({ ...range, by: 'code' })).toMatchObject([{ value: 'x' }])
    const attempts = await journal.history({ ...range, kind: 'attempt', subscription: 'a' })
    expect(attempts).toMatchObject([{ subscription: 'a', count: 1 }])
    expect(await journal.history({ ...range, receiver: 'bank' })).toEqual([])
    await expect(journal.history({ ...range, step: 1000 })).rejects.toThrow('step must be')
    await expect(journal.history({ ...range, lane: 'a' } as never)).rejects.toThrow(
      'unknown option lane',
    )
  })

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
      // Each batch packs some of what is old.
      for (let batches = 0; batches < 3; batches++) await write(journal, [])
    }
  })

  test('keeps the last gauge of a step', async () => {
    const journal = journalOf()
    const gauge = { receiver: 'shop', subscription: 'a', running: 1, dead: 2 }
    const gauges = [
      { ...gauge, minute: NOW, pending: 5, oldestDueAt: NOW - 1000 },
      { ...gauge, minute: NOW + MINUTE, pending: 7, oldestDueAt: undefined },
    ]
    await journal.write({ arrived: [], minutes: [], gauges, lost: 0 })
    const range = { from: NOW, to: NOW + HOUR, kind: 'gauge' } as const
    expect(await journal.history({ ...range, step: MINUTE })).toMatchObject([
      { from: NOW, pending: 5, oldestDueAt: NOW - 1000 },
      { from: NOW + MINUTE, pending: 7, oldestDueAt: undefined },
    ])
    expect(await journal.history({ ...range, step: HOUR })).toEqual([
      { ...gauge, kind: 'gauge', from: NOW, pending: 7, oldestDueAt: undefined },
    ])
  })
})

describe('attempts', () => {
  test('the first and the last nineteen are kept, over a replay too', async () => {
    const { port, inbox } = scene({
      run: ({ attempt }) => (attempt < 30 ? { ...retryIn(0), at: 0 } : DEAD_OUTCOME),
    })
    await port.accept(intake(item('1')), {})
    for (let ran = 0; ran < 30;) ran += (await drain(port)).ran
    const [task] = (await inbox.view!.list()).rows!
    expect(task).toMatchObject({ state: 'dead', attempt: 30, attempts: 30 })
    expect(task!.settledAt).toBeGreaterThanOrEqual(task!.receivedAt)
    expect(task!.duration).toBeGreaterThanOrEqual(0)
    const attempts = await inbox.journal!.attempts(task!.id)
    expect(attempts.map(({ attempt }) => attempt)).toEqual([
      1,
      ...Array.from({ length: 19 }, (_, at) => at + 12),
    ])
    expect(attempts.at(-1)).toMatchObject({
      outcome: 'dead',
      error: { message: 'the till is jammed' },
      process: `process ${process.pid}`,
    })
    await inbox.view!.replay({})
    await drain(port, 1)
    expect((await inbox.journal!.attempts(task!.id)).at(-1)).toMatchObject({ attempt: 1 })
    expect((await inbox.view!.list()).rows).toMatchObject([{ attempt: 1, attempts: 31 }])
    await port.close(0)
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
