import type { Arrival, MinuteCount } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { intake, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000
const NOTHING = { arrived: [], minutes: [], gauges: [], lost: 0 }

needs(redisServer).describe('the journal of bullmqInbox', () => {
  const scene = redisScene('journal')

  test('lists deliveries of both rings in one order, newest first, in pages', async () => {
    const journal = scene.open().journal!
    const arrived = Array.from({ length: 250 }, (_, at) => arrival(at, { verified: at % 3 > 0 }))
    await journal.write({ ...NOTHING, arrived })
    const ids: string[] = []
    let cursor: string | undefined
    do {
      const page = await journal.deliveries({ limit: 60, ...(cursor && { cursor }) })
      ids.push(...page.rows.map(({ id }) => id))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(ids).toEqual(arrived.map(({ id }) => id).toReversed())
  })

  test('filters, and gives rejections alone', async () => {
    const journal = scene.open().journal!
    const rows = [
      arrival(1, { outcome: 'accepted', ids: ['evt_1'], topics: ['orders/create'] }),
      arrival(2, {
        outcome: 'rejected',
        code: 'signature_mismatch',
        reason: 'no key fits',
        verified: false,
      }),
      arrival(3, { outcome: 'duplicate', receiver: 'bank', ids: ['evt_1'] }),
    ]
    await journal.write({ ...NOTHING, arrived: rows })
    const ids = async (filter: Parameters<typeof journal.deliveries>[0]) =>
      (await journal.deliveries(filter)).rows.map(({ id }) => id)
    expect(await ids({ eventId: 'evt_1' })).toEqual([rows[2]!.id, rows[0]!.id])
    expect(await ids({ topic: 'orders/*' })).toEqual([rows[0]!.id])
    expect(await ids({ outcome: ['rejected', 'duplicate'], receiver: 'shop' })).toEqual([
      rows[1]!.id,
    ])
    expect(await ids({ text: 'NO KEY' })).toEqual([rows[1]!.id])
    expect(await ids({ since: rows[2]!.at })).toEqual([rows[2]!.id])
    expect(await ids({ until: rows[1]!.at })).toEqual([rows[0]!.id])
    expect((await journal.rejections()).rows.map(({ outcome }) => outcome)).toEqual([
      'duplicate',
      'rejected',
    ])
    await expect(async () => journal.deliveries({ recever: 'shop' } as never)).rejects.toThrow(
      'did you mean receiver',
    )
  })

  test('keeps head and body of the last rejected one of a slot', async () => {
    const journal = scene.open().journal!
    const kept = (at: number) => ({
      url: '/hooks',
      headers: [['x-signature', `s${at}`]] as const,
      body: Buffer.from([0, 255, at]),
    })
    const arrived = [1, 2, 3, 4].map((at) =>
      arrival(at, {
        outcome: 'rejected',
        code: 'stale',
        verified: false,
        kept: kept(at),
        slot: `s${at % 3}`,
        replyBody: 'no',
      }),
    )
    await journal.write({ ...NOTHING, arrived })
    const [newest] = (await journal.rejections()).rows
    expect(newest).not.toHaveProperty('kept')
    expect(newest).not.toHaveProperty('replyBody')
    expect(newest).not.toHaveProperty('slot')
    const one = await journal.delivery(arrived[3]!.id)
    expect(one).toMatchObject({
      replyBody: 'no',
      kept: { url: '/hooks', headers: [['x-signature', 's4']] },
    })
    expect(Buffer.from(one!.kept!.body)).toEqual(Buffer.from([0, 255, 4]))
    expect(await journal.delivery(arrived[0]!.id)).not.toHaveProperty('kept')
    expect(await journal.delivery('no such delivery')).toBeUndefined()
  })

  test('a ring stays within its rows and bytes, and strangers push out nobody else', async () => {
    const journal = scene.open().journal!
    await journal.write({ ...NOTHING, arrived: [arrival(0, { verified: true })] })
    const reason = 'x'.repeat(500)
    for (let round = 0; round < 24; round++)
      await journal.write({
        ...NOTHING,
        arrived: Array.from({ length: 500 }, (_, at) =>
          arrival(1 + round * 500 + at, { verified: false, outcome: 'rejected', reason }),
        ),
      })
    expect(await scene.operator.zcard(`${scene.prefix}:ring:strangers`)).toBe(10_000)
    expect(await scene.operator.hlen(`${scene.prefix}:rows:strangers`)).toBe(10_000)
    const fat = Array.from({ length: 400 }, (_, at) =>
      arrival(20_000 + at, {
        verified: false,
        outcome: 'rejected',
        code: `c${at}`,
        kept: { url: '/', headers: [], body: new Uint8Array(250_000) },
      }),
    )
    await journal.write({ ...NOTHING, arrived: fat })
    const size = Number(await scene.operator.get(`${scene.prefix}:bytes:strangers`))
    expect(size).toBeLessThanOrEqual(64 * 1024 * 1024)
    expect(await scene.operator.hlen(`${scene.prefix}:kept:strangers`)).toBeLessThan(280)
    expect(await scene.operator.zcard(`${scene.prefix}:ring:verified`)).toBe(1)
  })

  test('adds counts of processes, and gives the last gauge of a step', async () => {
    const [one, two] = [scene.open().journal!, scene.open().journal!]
    const minute = Date.now() - (Date.now() % MINUTE) - 2 * MINUTE
    await Promise.all(
      Array.from({ length: 10 }, async (_, at) =>
        [one, two][at % 2]!.write({
          ...NOTHING,
          minutes: [count(minute, 1), count(minute + MINUTE, 2)],
        }),
      ),
    )
    const gauge = {
      receiver: 'shop',
      subscription: 'a',
      running: 1,
      dead: 0,
      oldestDueAt: 1234567890123,
    }
    await one.write({ ...NOTHING, gauges: [{ ...gauge, minute, pending: 7 }] })
    await two.write({ ...NOTHING, gauges: [{ ...gauge, minute: minute + MINUTE, pending: 9 }] })
    const range = { from: minute, to: minute + 2 * MINUTE, step: MINUTE }
    expect(await one.history(range)).toEqual([
      bucket(minute, 10, 10),
      bucket(minute + MINUTE, 10, 20),
    ])
    expect(await one.history({ ...range, step: 2 * MINUTE })).toEqual([bucket(minute, 20, 30)])
    expect(await one.history({ ...range, by: 'code' })).toEqual([])
    expect(await one.history({ ...range, receiver: 'bank' })).toEqual([])
    expect(await one.history({ ...range, step: 2 * MINUTE, kind: 'gauge' })).toEqual([
      { ...gauge, from: minute, kind: 'gauge', pending: 9 },
    ])
    await expect(async () => one.history({ ...range, step: 1 })).rejects.toThrow('whole minutes')
  })

  test('puts minutes together to hours after two days, and forgets both', async () => {
    const inbox = scene.open()
    const journal = inbox.journal!
    const now = Date.now()
    const hour = now - (now % HOUR) - 47 * HOUR
    await journal.write({ ...NOTHING, minutes: [count(hour, 1), count(hour + MINUTE, 2)] })
    const { operator, prefix } = scene
    // As if it had been written some hours before.
    const old = hour - 5 * HOUR
    for (const minute of [hour, hour + MINUTE]) {
      const bytes = await operator.hgetBuffer(`${prefix}:span:minute`, String(minute))
      await operator.hset(`${prefix}:span:minute`, String(minute - 5 * HOUR), bytes!)
      await operator.zadd(`${prefix}:at:minute`, minute - 5 * HOUR, minute - 5 * HOUR)
    }
    const gone = now - (now % HOUR) - 31 * DAY
    const hours = await operator.hgetBuffer(`${prefix}:span:minute`, String(hour))
    await operator.hset(`${prefix}:span:hour`, String(gone), hours!)
    await operator.zadd(`${prefix}:at:hour`, gone, gone)
    await scene.open().journal!.write({ ...NOTHING, minutes: [count(now - (now % MINUTE), 1)] })
    expect(await operator.zcount(`${prefix}:at:minute`, 0, old + HOUR)).toBe(0)
    expect(await operator.hkeys(`${prefix}:span:hour`)).toEqual([String(old)])
    const range = { from: old, to: old + HOUR, step: HOUR }
    expect(await journal.history(range)).toEqual([bucket(old, 2, 3)])
  })

  test('attempts of a task outlive a replay', async () => {
    const inbox = scene.open()
    let failures = 2
    const consumer = record({
      run: () =>
        failures-- > 0
          ? { kind: 'retry', at: Date.now(), error: { name: 'RangeError', message: 'too far' } }
          : { kind: 'done' },
    })
    const port = inbox.attach(consumer)
    await port.accept(intake('1'), {})
    port.work!()
    await expect.poll(() => consumer.ended.length).toBe(3)
    await expect.poll(async () => (await inbox.view!.list()).rows[0]?.state).toBe('done')
    expect(await inbox.view!.replay({ state: 'done' })).toMatchObject({
      count: 1,
      cursor: undefined,
    })
    await expect.poll(() => consumer.ended.length).toBe(4)
    const { id } = (await inbox.view!.list()).rows[0]!
    await expect.poll(async () => (await inbox.journal!.attempts(id)).length).toBe(4)
    const attempts = await inbox.journal!.attempts(id)
    expect(attempts.map(({ outcome, attempt }) => [outcome, attempt])).toEqual([
      ['retry', 1],
      ['retry', 2],
      ['done', 3],
      ['done', 1],
    ])
    expect(attempts[0]!.error).toMatchObject({ name: 'RangeError', message: 'too far' })
    expect(attempts[0]!.process).toContain(`:${process.pid}`)
    expect(await inbox.view!.get(id)).toMatchObject({ attempt: 1, attempts: 4 })
  })
})

function arrival(at: number, more: Partial<Arrival> = {}): Arrival {
  return {
    id: `d${String(at).padStart(8, '0')}`,
    at: Date.now() - 1_000_000 + at,
    receiver: 'shop',
    provider: 'acme',
    method: 'POST',
    path: '/hooks',
    outcome: 'accepted',
    verified: true,
    status: 200,
    took: 3,
    bytes: 100,
    topics: [],
    ids: [],
    keys: [],
    ...more,
  }
}

function count(minute: number, its: number): MinuteCount {
  const series = { receiver: 'shop', kind: 'delivery', by: 'outcome', value: 'accepted' } as const
  return { ...series, minute, count: 1, sum: its, max: its, histogram: [[3, 1]] }
}

function bucket(from: number, counted: number, sum: number): object {
  const series = { receiver: 'shop', kind: 'delivery', by: 'outcome', value: 'accepted' }
  return {
    ...series,
    from,
    count: counted,
    sum,
    max: expect.any(Number),
    histogram: [[3, counted]],
  }
}
