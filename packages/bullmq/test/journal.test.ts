import type { Arrival, MinuteCount } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { redisScene } from './redis-scene.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000
const NOTHING = { arrived: [], minutes: [], gauges: [], lost: 0 }

needs(redisServer).describe('the journal of bullmqInbox', () => {
  const scene = redisScene('journal')

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

  test('puts minutes together to hours after two days, and forgets both', async () => {
    const inbox = scene.open()
    const journal = inbox.journal!
    const now = Date.now()
    const hour = now - (now % HOUR) - 47 * HOUR
    await journal.write({ ...NOTHING, minutes: [count(hour, 1), count(hour + MINUTE, 2)] })
    const { operator, prefix } = scene
    // Moves the rows to a time some hours before.
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
