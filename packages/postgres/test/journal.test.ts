import type { Arrival, Journal, MinuteCount } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { postgresInbox } from '../src/index.ts'
import { checkSettings } from '../src/settings.ts'
import { createStore } from '../src/store/store.ts'
import { intake, lane, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

function arrival(id: string, options: Partial<Arrival> = {}): Arrival {
  return {
    id,
    at: Date.now(),
    receiver: 'shop',
    provider: 'acme',
    method: 'POST',
    path: '/hooks',
    outcome: 'accepted',
    verified: true,
    status: 200,
    took: 1.5,
    bytes: 100,
    topics: ['thing.happened'],
    ids: [id],
    keys: [`:${id}`],
    ...options,
  }
}

function counted(minute: number, options: Partial<MinuteCount> = {}): MinuteCount {
  return {
    minute,
    receiver: 'shop',
    kind: 'delivery',
    by: 'outcome',
    value: 'accepted',
    count: 2,
    sum: 3000,
    max: 2000,
    histogram: [
      [36, 1],
      [40, 1],
    ],
    ...options,
  }
}

const NONE = { arrived: [], minutes: [], gauges: [], lost: 0 }

withPostgres('the journal of postgresInbox', (postgres) => {
  const open = () => {
    const { service, schema } = postgres()
    return postgresInbox({ connectionString: service.url, schema: schema(), pollInterval: 20 })
  }

  test('lists accepted and refused deliveries in one order, by each filter, page by page', async () => {
    const inbox = open()
    const journal = inbox.journal!
    const start = Date.now() - 10_000
    const refused = {
      outcome: 'refused',
      verified: false,
      code: 'signature_mismatch',
      reason: 'no secret fits \0',
      status: 401,
      ids: ['claimed "1"'],
      keys: [],
    } as const
    const arrived = [
      arrival('a1', { at: start + 1000, replyBody: 'thanks' }),
      arrival('a2', { at: start + 2000, ...refused }),
      arrival('a3', { at: start + 3000, outcome: 'duplicate', topics: ['thing.gone'] }),
      arrival('a4', { at: start + 4000, receiver: 'bank', provider: 'other', path: '/Money' }),
    ]
    await journal.write({ ...NONE, arrived })
    const ids = async (filter: Parameters<Journal['deliveries']>[0]) =>
      (await journal.deliveries(filter)).rows.map(({ id }) => id)
    expect(await ids({})).toEqual(['a4', 'a3', 'a2', 'a1'])
    expect(await ids({ receiver: 'shop' })).toEqual(['a3', 'a2', 'a1'])
    expect(await ids({ provider: 'other' })).toEqual(['a4'])
    expect(await ids({ outcome: ['refused', 'duplicate'] })).toEqual(['a3', 'a2'])
    expect(await ids({ code: 'signature_mismatch' })).toEqual(['a2'])
    expect(await ids({ eventId: 'claimed "1"' })).toEqual(['a2'])
    expect(await ids({ topic: 'thing.gone' })).toEqual(['a3'])
    expect(await ids({ topic: 'thing.*' })).toEqual(['a4', 'a3', 'a2', 'a1'])
    expect(await ids({ text: 'money' })).toEqual(['a4'])
    expect(await ids({ since: start + 2000, until: start + 4000 })).toEqual(['a3', 'a2'])
    expect((await journal.refusals()).rows.map(({ id }) => id)).toEqual(['a3', 'a2'])
    const first = await journal.deliveries({ limit: 3 })
    expect(first.rows).toHaveLength(3)
    expect(await ids({ limit: 3, cursor: first.cursor! })).toEqual(['a1'])
    expect((await journal.deliveries({})).rows.at(-1)).not.toHaveProperty('replyBody')
    expect(await journal.delivery('a1')).toEqual(arrived[0])
    expect(await journal.delivery('a2')).toEqual(arrived[1])
    await expect((async () => journal.deliveries({ topics: 'x' } as never))()).rejects.toThrow(
      TypeError,
    )
    await inbox.close()
  })

  test('keeps head and body of the last refusal of a receiver and code', async () => {
    const inbox = open()
    const kept = (at: number) => ({
      url: '/hooks?shop=1',
      headers: [['x-signature', String(at)]] as const,
      body: new Uint8Array([0, 255, at]),
    })
    for (let at = 1; at <= 5; at++)
      await inbox.journal!.write({
        ...NONE,
        arrived: [
          arrival(`r${at}`, {
            at: Date.now() + at,
            outcome: 'refused',
            verified: false,
            code: 'x',
            kept: kept(at),
          }),
        ],
      })
    const whole = await Promise.all(
      [1, 2, 3, 4, 5].map(async (at) => inbox.journal!.delivery(`r${at}`)),
    )
    expect(whole.map((one) => one?.kept !== undefined)).toEqual([false, false, false, false, true])
    expect([...whole[4]!.kept!.body]).toEqual([0, 255, 5])
    expect(whole[4]!.kept!.headers).toEqual([['x-signature', '5']])
    expect((await inbox.journal!.deliveries()).rows[0]).not.toHaveProperty('kept')
    await inbox.close()
  })

  test('its rings stay within count, bytes and age, and strangers fill only theirs', async () => {
    const { service, schema, pool } = postgres()
    const name = schema()
    const settings = checkSettings({ connectionString: service.url, schema: name })
    const store = createStore(settings, () => {})
    await store.open()
    const now = Date.now()
    const row = (id: string, ring: 'verified' | 'strangers', at = now) => ({
      id,
      ring,
      at,
      data: JSON.stringify(arrival(id, { at })),
    })
    await store.arrive([row('0', 'verified', now - 2 * HOUR), row('1', 'verified')], 0)
    await store.arrive(
      Array.from({ length: 900 }, (_, at) => row(`s${1000 + at}`, 'strangers')),
      0,
    )
    await store.trim('strangers', { rows: 1000, bytes: 20_000, before: 0 })
    const ring = async (strangers: boolean) =>
      (
        await pool.query(
          `SELECT count(*)::int AS rows, sum(size)::int AS bytes, max(id) AS last FROM ${name}.postern_arrivals WHERE strangers = $1`,
          [strangers],
        )
      ).rows[0] as { rows: number; bytes: number; last: string }
    const strangers = await ring(true)
    expect(strangers.bytes).toBeLessThanOrEqual(20_000)
    expect(strangers.rows).toBeGreaterThan(10)
    expect(strangers.last).toBe('s1899')
    expect(await store.arrival('1')).toBeDefined()
    await store.arrive(
      Array.from({ length: 150 }, (_, at) => row(`v${1000 + at}`, 'verified')),
      0,
    )
    await store.trim('verified', { rows: 100, bytes: 1e9, before: now - HOUR })
    expect((await ring(false)).rows).toBe(100)
    expect(await store.arrival('0')).toBeUndefined()
    await store.close(performance.now() + 1000)
  })

  test('the first flood of strangers is cut in time where statistics know of no stranger', async () => {
    const { service, schema, pool } = postgres()
    const name = schema()
    const inbox = postgresInbox({ connectionString: service.url, schema: name })
    const known = Array.from({ length: 100 }, (_, at) => arrival(`v${at}`))
    await inbox.journal!.write({ ...NONE, arrived: known })
    await pool.query(
      `ALTER TABLE ${name}.postern_arrivals SET (autovacuum_enabled = false); ANALYZE ${name}.postern_arrivals`,
    )
    const flood = Array.from(
      { length: 500 },
      () => ({ verified: false, outcome: 'refused' }) as const,
    )
    for (let part = 0; part < 21; part++)
      await inbox.journal!.write({
        ...NONE,
        arrived: flood.map((stranger, at) => arrival(`${part}-${at}`, stranger)),
      })
    const { rows } = await pool.query(
      `SELECT strangers, count(*)::int AS rows FROM ${name}.postern_arrivals GROUP BY 1 ORDER BY 1`,
    )
    expect(rows).toEqual([
      { strangers: false, rows: 100 },
      { strangers: true, rows: 10_000 },
    ])
    await inbox.close()
  })

  test('adds up counts of several processes, by minute and by hour, and keeps the last gauge', async () => {
    const { service, schema } = postgres()
    const name = schema()
    const inboxes = [1, 2].map(() => postgresInbox({ connectionString: service.url, schema: name }))
    const minute = Date.now() - (Date.now() % MINUTE)
    const old = minute - (minute % HOUR) - 3 * DAY
    const gauge = { minute, receiver: 'shop', subscription: 'a', pending: 5, running: 1, dead: 0 }
    await Promise.all(
      inboxes.map(async ({ journal }) =>
        journal!.write({
          ...NONE,
          minutes: [
            counted(minute),
            counted(minute, { value: 'refused', count: 1 }),
            counted(minute, { by: 'code', value: 'x' }),
            counted(old),
            counted(old + MINUTE),
            counted(minute - 40 * DAY),
          ],
          gauges: [{ ...gauge, oldest: undefined }],
        }),
      ),
    )
    await inboxes[0]!.journal!.write({ ...NONE, gauges: [{ ...gauge, pending: 7, oldest: 123 }] })
    const { journal } = inboxes[1]!
    const range = { from: minute, to: minute + MINUTE, step: MINUTE }
    expect(await journal!.history({ ...range, receiver: 'shop' })).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          from: minute,
          value: 'accepted',
          count: 4,
          sum: 6000,
          max: 2000,
        }),
        expect.objectContaining({ from: minute, value: 'refused', count: 2 }),
      ]),
    )
    expect(await journal!.history({ ...range, by: 'code' })).toMatchObject([{ value: 'x' }])
    expect(await journal!.history({ ...range, receiver: 'bank' })).toEqual([])
    expect(await journal!.history({ ...range, kind: 'gauge' })).toMatchObject([
      { pending: 7, running: 1, dead: 0, oldest: 123 },
    ])
    // What is older than two days stands in its hour, whichever process put it there; after thirty days it is gone.
    const [hour] = await journal!.history({ from: old, to: old + HOUR, step: HOUR })
    expect(hour).toMatchObject({ from: old, value: 'accepted', count: 8 })
    const spans = await postgres().pool.query(
      `SELECT kind, at::float8 AS at FROM ${name}.postern_history WHERE at < $1`,
      [minute - 2 * DAY],
    )
    expect(spans.rows).toEqual([{ kind: 'hour', at: old }])
    await Promise.all(inboxes.map((inbox) => inbox.close()))
  })

  test('keeps the attempts of a task: the first and the last nineteen, over replays', async () => {
    const inbox = open()
    const shop = record({
      lanes: [lane('a', { attempts: 100 })],
      run: ({ attempt }) =>
        attempt < 30
          ? { kind: 'retry', at: Date.now(), error: { name: 'Error', message: `no ${attempt}` } }
          : { kind: 'done' },
    })
    const port = inbox.attach(shop.consumer)
    await port.accept(intake('1'), {})
    port.work!()
    await shop.until(() => shop.settled.length === 30)
    const [task] = (await inbox.view!.list()).rows!
    expect(task).toMatchObject({ state: 'done', attempt: 30, attempts: 30, cause: undefined })
    expect(task!.duration).toBeGreaterThanOrEqual(0)
    expect(task!.settledAt).toBeGreaterThan(Date.now() - 60_000)
    const attempts = await inbox.journal!.attempts(task!.id)
    expect(attempts.map(({ attempt }) => attempt)).toEqual([
      1,
      ...Array.from({ length: 19 }, (_, at) => at + 12),
    ])
    expect(attempts[0]).toMatchObject({ outcome: 'retry', error: { message: 'no 1' } })
    expect(attempts.at(-1)).toMatchObject({
      outcome: 'done',
      process: expect.stringMatching(/:\d+$/),
    })
    await inbox.close()
  })

  test('a task that was done at once keeps its attempt, also when it is replayed', async () => {
    const inbox = open()
    const shop = record()
    const port = inbox.attach(shop.consumer)
    port.work!()
    const before = Date.now()
    await port.accept(intake('1'), {})
    await shop.until(() => shop.settled.length === 1)
    const [task] = (await inbox.view!.list()).rows!
    const [only, ...more] = await inbox.journal!.attempts(task!.id)
    expect(more).toEqual([])
    expect(only).toMatchObject({ attempt: 1, outcome: 'done' })
    expect(only!.startedAt).toBeGreaterThanOrEqual(before)
    expect(only!.duration).toBeLessThan(10_000)
    await inbox.view!.replay({ state: 'done' })
    await shop.until(() => shop.settled.length === 2)
    const both = await inbox.journal!.attempts(task!.id)
    expect(both).toMatchObject([only, { attempt: 1, outcome: 'done' }])
    expect(await inbox.journal!.attempts('no such task')).toEqual([])
    await inbox.close()
  })
})
