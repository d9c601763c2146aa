import { createReceiver, type Receiver } from '@postern/core'
import type { Cause, Inbox } from '@postern/core/inbox'
import { github, stripe } from '@postern/providers'
import { settled, signedInit } from '@postern/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { HealthReply, Thing } from '../src/api/health.ts'
import { deadThings, isCauseOver, moreOf } from '../src/health/dead.ts'
import { burstsOf } from '../src/health/rejected.ts'
import { temporaryInbox, viewer, type Viewer } from './scene.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const SECRET = 'a secret of things'
const providers = { github: github({ secret: SECRET }), stripe: stripe({ secret: SECRET }) }

let inbox: Inbox
let receivers: Record<'github' | 'stripe', Receiver>
let page: Viewer
let clock: number
let message: string

beforeEach(() => {
  inbox = temporaryInbox()
  clock = Date.now()
  const made = { inbox, log: false as const, explain: false, clock: { now: () => clock } }
  receivers = {
    github: createReceiver({ ...made, provider: providers.github }) as Receiver,
    stripe: createReceiver({ ...made, provider: providers.stripe }) as Receiver,
  }
  for (const receiver of Object.values(receivers))
    receiver
      .on('**', { name: 'mail', retry: { attempts: 1 } }, () => {
        if (message !== '') throw new Error(message)
      })
      .on('**', { name: 'ledger', retry: { attempts: 1 } }, () => {
        if (message.startsWith('all')) throw new Error(message)
      })
  page = viewer({ inbox, receivers: Object.values(receivers), auth: () => ({ allow: 'all' }) })
})
afterEach(async () => {
  for (const receiver of Object.values(receivers)) await receiver.close({ timeout: '1s' })
  await inbox.close()
})

async function send(name: 'github' | 'stripe', error: string, ago = 0): Promise<void> {
  clock = Date.now() - ago
  message = error
  const topic = name === 'github' ? 'push' : 'invoice.paid'
  await receivers[name].receive(await signedInit(providers[name], topic, undefined, { at: clock }))
  await settled(receivers[name])
}

async function health(query = ''): Promise<HealthReply> {
  clock = Date.now()
  for (const receiver of Object.values(receivers)) await receiver.runDue({ deadline: '2s', max: 1 })
  return page.get<HealthReply>(`health?${query}`)
}

type Dead = Thing & { kind: 'dead' }
const dead = ({ things }: HealthReply): readonly Dead[] =>
  things.filter((thing): thing is Dead => thing.kind === 'dead')

describe('dead tasks by cause', () => {
  test('one row over receivers and subscriptions, ids and hosts left aside', async () => {
    await send('github', 'all lost 10.0.0.7:25, mail of ada@example.com')
    await send('stripe', 'all lost 10.0.0.12:2525, mail of bob@example.org')
    await send('stripe', 'no such customer "cus_1"')
    const found = await health()
    expect(dead(found).map(({ count }) => count)).toEqual([4, 1])
    expect(dead(found)[0]!.subscriptions).toHaveLength(4)
    expect(dead(found)[0]!.isOver).toBe(false)
    expect(found.more).toEqual({ causes: 0, dead: 0 })
    const { count } = await page.act('replay', {
      filter: { state: 'dead', cause: dead(found)[0]!.cause },
      dryRun: true,
    })
    expect(count, 'all of the cause by one filter').toBe(4)
    expect(dead(await health('receiver=github'))[0]!.subscriptions).toHaveLength(2)
  })

  test('eight rows, and what is left in the inbox’s own numbers', async () => {
    const words = 'abcdefghijklmnopqrstuvwxyz'
    for (let at = 0; at < 150; at++)
      await send('github', `no ${words[at % 26]}${words[Math.floor(at / 26)]}x`)
    const found = await health()
    expect(found.dead).toBe(150)
    expect(dead(found)).toHaveLength(8)
    expect(found.more).toEqual({ causes: 142, dead: 142 })
  })

  test('an inbox that looked at the newest tasks alone says so, and totals are of stats', () => {
    const cut: Cause = {
      cause: 'a cause',
      sample: { name: 'Error', message: 'too many' },
      dead: 20_000,
      retrying: 0,
      first: 0,
      last: 0,
      subscriptions: [{ receiver: 'github', subscription: 'mail', dead: 20_000, retrying: 0 }],
      subscriptionCount: 1,
      among: 1,
      amongDead: 1,
      ofNewest: 20_000,
    }
    const lanes = [
      {
        receiver: 'github',
        subscription: 'mail',
        counts: { pending: 0, running: 0, done: 0, dead: 50_000 },
      },
    ] as never
    const none = { failures: [], week: [], span: { from: 0, to: 1, step: 1, steps: 1 }, at: 1 }
    expect(moreOf(deadThings([cut], none), [cut], lanes)).toEqual({
      causes: 0,
      dead: 30_000,
      ofNewest: 20_000,
    })
  })

  test('what is over stands below what goes on', async () => {
    for (let at = 0; at < 3; at++) await send('github', 'an old one', 9 * HOUR + at * MINUTE)
    await send('stripe', 'a new one')
    const found = await health()
    expect(dead(found).map(({ error, isOver: over }) => [error.message, over])).toEqual([
      ['a new one', false],
      ['an old one', true],
    ])
    expect(Math.abs(dead(found)[1]!.last - (Date.now() - 9 * HOUR))).toBeLessThan(11 * MINUTE)
  })

  test('over is the longer of an hour and three times the longest gap', () => {
    const at = (hours: number): { readonly from: number } => ({ from: -hours * HOUR })
    expect(isCauseOver([at(1.5)], -1.5 * HOUR, 0)).toBe(true)
    expect(isCauseOver([at(0.9)], -0.9 * HOUR, 0)).toBe(false)
    expect(isCauseOver([at(9), at(5)], -5 * HOUR, 0)).toBe(false)
    expect(isCauseOver([at(19), at(15)], -15 * HOUR, 0)).toBe(true)
  })

  test('a million tasks are not needed to see that retries belong to their cause', () => {
    const lane = (subscription: string, count: number, retrying: number) => ({
      receiver: 'github',
      subscription,
      dead: count,
      retrying,
    })
    const cause: Cause = {
      cause: 'c',
      sample: { name: 'Error', message: 'm' },
      dead: 2,
      retrying: 4,
      first: 1,
      last: 2,
      subscriptions: [lane('a', 2, 1), lane('b', 0, 3)],
      subscriptionCount: 2,
      among: 1,
      amongDead: 1,
    }
    const span = { from: 0, to: HOUR, step: MINUTE, steps: 60 }
    const things = deadThings([cause], {
      failures: [],
      week: [],
      span,
      at: HOUR,
    })
    expect(things).toMatchObject([{ count: 2, retrying: 4, moreSubscriptions: 0 }])
    expect(things[0]!.subscriptions).toEqual([{ receiver: 'github', subscription: 'a', dead: 2 }])
  })
})

describe('a mark on a cause', () => {
  test('holds with its note until one more task dies of it', async () => {
    await send('github', 'no stock')
    const [{ cause }] = dead(await health()) as [Dead]
    expect(await page.act('mute', { cause, note: 'ordered' })).toMatchObject({ muted: true })
    await send('stripe', '')
    expect(dead(await health()).at(-1)!.muted).toMatchObject({ note: 'ordered' })
    await send('github', 'no stock')
    // Requests within 250 ms get the same reply, so the change may show later.
    await expect.poll(async () => dead(await health())[0]!.muted).toBeUndefined()
  })

  test('is taken away again, and no cause that is gone gets one', async () => {
    await send('github', 'no stock')
    const [{ cause }] = dead(await health()) as [Dead]
    await page.act('mute', { cause, note: '' })
    expect(await page.act('mute', { cause })).toMatchObject({ muted: false })
    await send('stripe', '')
    expect(dead(await health())[0]!.muted).toBeUndefined()
    expect(await page.act('mute', { cause: 'none', note: '' })).toMatchObject({ statusCode: 404 })
    expect(await page.act('mute', { cause, note: 7 })).toMatchObject({ statusCode: 400 })
  })
})

describe('bursts of rejections', () => {
  async function rejected(ago: number, secret = `${SECRET} `): Promise<void> {
    clock = Date.now() - ago
    const init = await signedInit(providers.stripe, 'invoice.paid', undefined, {
      at: clock,
      secret,
    })
    await receivers.stripe.receive(init)
  }

  test('are proven before anybody clicks, and name the delivery that shows it', async () => {
    for (let at = 9; at > 0; at--) await rejected(at * 4 * MINUTE)
    // The search for the cause has a time limit, which a busy machine may reach. Then a later request finds the cause.
    const burst = async () => (await health()).things[0] as Thing & { kind: 'rejected' }
    await expect.poll(async () => (await burst()).proven).toBeDefined()
    const thing = await burst()
    expect(thing).toMatchObject({
      count: 9,
      of: 9,
      proven: 'secret-whitespace',
      remedy: expect.stringContaining('at the sender'),
    })
    const arrival = await inbox.journal!.delivery(thing.explain!)
    expect(arrival!.kept).toBeDefined()
    expect(await page.get(`explain?id=${thing.explain}`)).toMatchObject({
      findings: [{ cause: 'secret-whitespace' }],
    })
  })

  test('say nothing of what payloads prove to who may not see them', async () => {
    for (let at = 9; at > 0; at--) await rejected(at * 4 * MINUTE)
    await health()
    const blind = viewer({
      inbox,
      receivers: Object.values(receivers),
      auth: () => ({ allow: 'all', payloads: false }),
    })
    const reply = await blind.get<HealthReply>('health')
    expect(reply.things).toMatchObject([{ kind: 'rejected', count: 9 }])
    expect(JSON.stringify(reply)).not.toMatch(/secret-|remedy|explain/)
  })

  test('that ended say when, and are a share of what came until then', async () => {
    for (let at = 9; at > 0; at--) await rejected(3 * HOUR + at * 4 * MINUTE)
    for (let at = 0; at < 5; at++) {
      clock = Date.now() - MINUTE
      await receivers.stripe.receive(
        await signedInit(providers.stripe, 'invoice.paid', undefined, { at: clock }),
      )
    }
    const ended = Date.now() - 3 * HOUR
    const [thing] = (await health()).things as readonly (Thing & { kind: 'rejected' })[]
    expect(thing).toMatchObject({ count: 9, of: 9, isOver: true })
    expect(thing!.last).toBeLessThanOrEqual(ended)
    expect(thing!.last).toBeGreaterThan(ended - 6 * MINUTE)
  })

  test('that nothing proves say what is likely', async () => {
    for (let at = 9; at > 0; at--)
      await rejected(at * 4 * MINUTE, 'whsec_another_secret_altogether')
    const burst = async () => (await health()).things[0] as Thing & { kind: 'rejected' }
    await expect.poll(async () => (await burst()).likely).toBeDefined()
    expect(await burst()).toMatchObject({ count: 9, remedy: expect.any(String) })
  })

  test('have begun at the same minute, whenever one looks', () => {
    const start = 1_800_000_000_000 - (1_800_000_000_000 % MINUTE)
    const bucket = (from: number) => ({
      kind: 'delivery' as const,
      from,
      receiver: 'stripe',
      value: 'signature_mismatch',
      count: 1,
      sum: 1,
      max: 1,
      by: 'code' as const,
      histogram: new Map() as never,
    })
    const all = Array.from({ length: 20 }, (_, at) => bucket(start + at * 3 * MINUTE))
    const begins = [1, 2, 3.4, 4.9, 5.9].map(
      (hours) => burstsOf(all, [], start + hours * HOUR)[0]!.since,
    )
    expect(new Set(begins)).toEqual(new Set([start]))
  })
})

test('receivers: when each was heard last, how often usually, and topics that nobody takes', async () => {
  for (let at = 12; at > 0; at--) await send('github', '', at * 20 * MINUTE)
  const { receivers: rows } = await health()
  expect(rows.find(({ name }) => name === 'github')).toMatchObject({
    deliveries: 12,
    rejected: 0,
    waiting: 0,
    unhandled: [],
    usually: 20 * MINUTE,
  })
  expect(rows.find(({ name }) => name === 'stripe')!.usually).toBeUndefined()
})
