import type { Arrival, MinuteCount } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { checkSettings } from '../src/settings.ts'
import type { PgClient, PgPool } from '../src/store/pg.ts'
import { createStore } from '../src/store/store.ts'
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
  test('keeps head and body of the last rejection of a receiver and code', async () => {
    const inbox = postgres().open()
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
            outcome: 'rejected',
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
  })

  test('its rings stay within count, bytes and age, and strangers fill only theirs', async () => {
    const { service, pool, schema } = postgres()
    const name = schema()
    const settings = checkSettings({ connectionString: service.url, schema: name })
    const store = createStore(
      settings,
      () => {},
      () => {},
    )
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
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name })
    const known = Array.from({ length: 100 }, (_, at) => arrival(`v${at}`))
    await inbox.journal!.write({ ...NONE, arrived: known })
    await pool.query(
      `ALTER TABLE ${name}.postern_arrivals SET (autovacuum_enabled = false); ANALYZE ${name}.postern_arrivals`,
    )
    const flood = Array.from(
      { length: 500 },
      () => ({ verified: false, outcome: 'rejected' }) as const,
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
  })

  test('two processes turn old minutes into hours, and drop hours after thirty days', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inboxes = [1, 2].map(() => open({ schema: name }))
    const minute = Date.now() - (Date.now() % MINUTE)
    const old = minute - (minute % HOUR) - 3 * DAY
    const minutes = [counted(old), counted(old + MINUTE), counted(minute - 40 * DAY)]
    await Promise.all(inboxes.map(async ({ journal }) => journal!.write({ ...NONE, minutes })))
    await inboxes[0]!.journal!.write(NONE)
    const range = { from: old, to: old + HOUR, step: HOUR }
    const [hour] = await inboxes[1]!.journal!.history(range)
    expect(hour).toMatchObject({ from: old, value: 'accepted', count: 8 })
    const spans = await pool.query(
      `SELECT kind, at::float8 AS at FROM ${name}.postern_history WHERE at < $1`,
      [minute - 2 * DAY],
    )
    expect(spans.rows).toEqual([{ kind: 'hour', at: old }])
  })

  test('counts are kept though another process deletes their span between two statements', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const minute = Date.now() - (Date.now() % MINUTE)
    const minutes = [counted(minute)]
    await open({ schema: name }).journal!.write({ ...NONE, minutes })
    let deleted = 0
    const hooked: PgPool = {
      end: () => pool.end(),
      async connect() {
        const client = (await pool.connect()) as unknown as PgClient
        return new Proxy(client, {
          get(target, member) {
            const value = Reflect.get(target, member) as unknown
            if (member !== 'query') return typeof value === 'function' ? value.bind(target) : value
            return async (config: Parameters<PgClient['query']>[0]) => {
              const result = await target.query(config)
              if (config.text.includes('_history (kind') && deleted === 0)
                deleted += (await pool.query(`DELETE FROM ${name}.postern_history`)).rowCount!
              return result
            }
          },
        })
      },
    }
    const inbox = open({ schema: name, pool: hooked })
    await inbox.journal!.write({ ...NONE, minutes })
    expect(deleted).toBe(1)
    const range = { from: minute, to: minute + MINUTE, step: MINUTE }
    expect(await inbox.journal!.history(range)).toMatchObject([{ value: 'accepted', count: 2 }])
  })
})
