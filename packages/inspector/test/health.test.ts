import { createReceiver, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { github } from '@postern/providers'
import { settled, signedInit } from '@postern/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ChartsReply } from '../src/api/charts.ts'
import type { HealthReply } from '../src/api/health.ts'
import { temporaryInbox, viewer, type Viewer } from './scene.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const SECRET = 'a secret of health'
const provider = github({ secret: SECRET })

let inbox: Inbox
let receiver: Receiver
let page: Viewer
/** The time that the receiver's clock shows. */
let clock: number
let isBroken: boolean

function make(options: object = {}): void {
  receiver = createReceiver({
    provider,
    inbox,
    log: false,
    explain: false,
    clock: { now: () => clock },
    ...options,
  }) as Receiver
  receiver.on('**', { name: 'deploy', retry: { attempts: 1 } }, () => {
    if (isBroken) throw new Error('SMTP 421 too many connections')
  })
  page = viewer({ inbox, receivers: [receiver], auth: () => ({ allow: 'read' }) })
}

beforeEach(() => {
  inbox = temporaryInbox()
  clock = Date.now()
  isBroken = false
  make()
})
afterEach(async () => {
  await receiver.close({ timeout: '1s' })
  await inbox.close()
})

const good = async (): Promise<unknown> =>
  receiver.receive(await signedInit(provider, 'push', undefined, { at: clock }))
const forged = async (): Promise<unknown> =>
  receiver.receive(await signedInit(provider, 'push', undefined, { at: clock, secret: 'other' }))
const stranger = (): unknown =>
  receiver.receive({ method: 'POST', url: 'http://localhost/', headers: {}, body: '{}' })

/** Sets the clock to each of these times, oldest first, and calls `act`. Times are in milliseconds before now. */
async function before(times: readonly number[], act: () => unknown): Promise<void> {
  const end = Date.now()
  for (const time of times.toSorted((one, other) => other - one)) {
    clock = end - time
    await act()
  }
}
const every = (step: number, from: number, to = 0): readonly number[] =>
  Array.from({ length: Math.floor((from - to) / step) }, (_, place) => from - place * step)

async function health(query = ''): Promise<HealthReply> {
  clock = Date.now()
  await settled(receiver)
  await receiver.runDue({ deadline: '2s', max: 1 })
  return page.get<HealthReply>(`health?${query}`)
}

describe('nothing wrong looks like nothing wrong', () => {
  test('without a delivery', async () => {
    expect(await health()).toMatchObject({
      things: [],
      deliveries: 0,
      dead: 0,
      usual: { count: 0, groups: [] },
      receivers: [{ name: 'github', ok: true, inbox: 'ok' }],
    })
  })

  test('with deliveries, strangers and a few rejections', async () => {
    await before(every(20 * MINUTE, 12 * HOUR), good)
    await before([5 * HOUR, 4 * HOUR, HOUR], forged)
    for (let n = 0; n < 50; n++) await stranger()
    const found = await health()
    expect(found.things).toEqual([])
    expect(found.usual.count).toBe(53)
    expect(found.usual.groups.map(({ code, count }) => [code, count])).toEqual([
      ['signature_mismatch', 3],
      ['missing_header', 50],
    ])
    expect(found.deliveries).toBe(36 + 3 + 50)
  })
})

describe('rejections', () => {
  test('more than usual are a thing: how many, since when', async () => {
    await before(every(30 * MINUTE, 3 * HOUR), good)
    await before(every(5 * MINUTE, 45 * MINUTE), forged)
    const found = await health()
    expect(found.things).toMatchObject([
      { kind: 'rejected', receiver: 'github', code: 'signature_mismatch', count: 9 },
    ])
    const [thing] = found.things
    const first = (await inbox.journal!.rejections()).rows.at(-1)!
    expect((thing as { since: number }).since, 'the first row itself').toBe(first.at)
    expect((thing as { of: number }).of, 'what came since then').toBe(9 + 1)
    expect((thing as { spark: readonly number[] }).spark.reduce((sum, one) => sum + one)).toBe(9)
    expect(found.usual.groups).toEqual([])
  })

  test('no thing, if each hour of the week has as many rejections', async () => {
    await before(every(12 * MINUTE, 30 * HOUR), forged)
    const found = await health()
    expect(found.things).toEqual([])
    expect(found.usual.groups).toMatchObject([{ code: 'signature_mismatch' }])
  })

  test('ten times as many as in each hour of the week are one', async () => {
    await before(every(30 * MINUTE, 30 * HOUR, HOUR), forged)
    await before(every(2 * MINUTE, 40 * MINUTE), forged)
    expect((await health()).things).toMatchObject([
      { kind: 'rejected', code: 'signature_mismatch' },
    ])
  })

  test('no thing, if they came yesterday', async () => {
    await before(every(MINUTE, 20 * HOUR, 19 * HOUR), forged)
    expect((await health()).things).toEqual([])
  })
})

describe('silence', () => {
  test('past three times the longest gap of its week', async () => {
    await before(every(20 * MINUTE, 30 * HOUR, 5 * HOUR), good)
    const found = await health()
    expect(found.things).toMatchObject([{ kind: 'silent', receiver: 'github' }])
    const [thing] = found.things as readonly { since: number; usually: number }[]
    expect(Math.abs(thing!.since - (Date.now() - 5 * HOUR - 20 * MINUTE))).toBeLessThan(MINUTE)
    expect(Math.round(thing!.usually / MINUTE)).toBe(20)
  })

  test('not if it has been silent before', async () => {
    await before(every(20 * MINUTE, 30 * HOUR, 20 * HOUR), good)
    await before(every(20 * MINUTE, 15 * HOUR, 5 * HOUR), good)
    expect((await health()).things).toEqual([])
  })

  test('nor if too little came to tell', async () => {
    await before([40 * HOUR, 39 * HOUR], good)
    expect((await health()).things).toEqual([])
  })

  test('its own option decides', async () => {
    await receiver.close({ timeout: '1s' })
    make({ silentAfter: '2h' })
    await before(every(20 * MINUTE, 6 * HOUR, 3 * HOUR), good)
    expect((await health()).things).toMatchObject([{ kind: 'silent', limit: 2 * HOUR }])
  })
})

describe('tasks', () => {
  test('dead by cause, with what it says and since when', async () => {
    isBroken = true
    await before([3 * HOUR, 2 * HOUR, HOUR], good)
    clock = Date.now()
    await settled(receiver)
    isBroken = false
    await good()
    const found = await health()
    expect(found.dead).toBe(3)
    expect(found.things).toMatchObject([
      {
        kind: 'dead',
        subscriptions: [{ receiver: 'github', subscription: 'deploy', dead: 3 }],
        error: { name: 'Error', message: 'SMTP 421 too many connections' },
        count: 3,
        retrying: 0,
        isOver: false,
      },
    ])
    const [thing] = found.things as readonly { cause: string; since: number }[]
    expect(Math.abs(thing!.since - (Date.now() - 3 * HOUR))).toBeLessThan(MINUTE)
    const { rows } = await page.get(`list?q=cause:${thing!.cause}`)
    expect(rows).toHaveLength(3)
    expect(found.handlers).toMatchObject([
      { receiver: 'github', subscription: 'deploy', runs: 4, failed: 3, dead: 3, attempts: 1 },
    ])
  })

  test('of one receiver alone', async () => {
    isBroken = true
    await good()
    const found = await health('receiver=other')
    expect(found).toMatchObject({ dead: 0, things: [], deliveries: 0, handlers: [] })
  })
})

test('a receiver that takes nothing is a thing, and comes first', async () => {
  await receiver.close({ timeout: '1s' })
  make()
  await receiver.close({ timeout: '1s' })
  const found = await page.get<HealthReply>('health')
  expect(found.things[0]).toMatchObject({ kind: 'inbox', receiver: 'github' })
})

test('an inbox that does not answer is a 503 that says so, and nothing else', async () => {
  const down = viewer({
    inbox: {
      ...inbox,
      view: { ...inbox.view!, version: () => Promise.reject(new Error('Redis is gone')) },
    },
    auth: () => ({ allow: 'read' }),
  })
  for (const route of ['version', 'health', 'list', 'charts'])
    expect(await down.get(route)).toMatchObject({
      statusCode: 503,
      message: 'Redis is gone',
      retryAfter: 5,
    })
})

describe('charts', () => {
  test('numbers are the inbox’s own', async () => {
    await before(every(10 * MINUTE, 5 * HOUR), good)
    await before([95 * MINUTE, 35 * MINUTE], forged)
    await health()
    const found = await page.get<ChartsReply>('charts?range=6h')
    expect(found.step).toBe(5 * MINUTE)
    const total = (name: string): number =>
      found.deliveries[name]!.reduce((sum, one) => sum + one, 0)
    const stored = await inbox.journal!.deliveries({ outcome: 'accepted', limit: 100 })
    expect(total('accepted')).toBe(stored.rows.length)
    expect(total('rejected')).toBe(2)
    // Each step of the chart has at most one delivery, which is too few for a quantile.
    expect(found.reply.p50.every((value) => value === null)).toBe(true)
    expect(found.handlers['github › deploy']!.p50.every((value) => value === null)).toBe(true)
    expect([found.tasks.pending.at(-1), found.tasks.dead.at(-1)]).toEqual([0, 0])
    expect(found.tasks.pending[0]).toBeNull()
  })

  test.each(['15m', '1h', '6h', '24h', '7d', '30d'])('%s', async (range) => {
    for (let n = 0; n < 5; n++) await good()
    await health()
    const found = await page.get<ChartsReply>(`charts?range=${range}`)
    expect(found.reply.p50.slice(-2).some((value) => value !== null)).toBe(true)
    expect(found.from + found.reply.p50.length * found.step).toBeGreaterThan(Date.now())
  })

  test('another range is rejected', async () => {
    expect(await page.get('charts?range=99d')).toMatchObject({ statusCode: 400, error: 'range' })
    expect(await page.get('health?range=__proto__')).toMatchObject({ statusCode: 400 })
  })
})
