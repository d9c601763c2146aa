import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Inbox, LaneStats } from '../../src/inbox/index.ts'
import { inlineInbox, memoryInbox } from '../../src/index.ts'
import { setup } from '../acme.ts'

afterEach(() => vi.useRealTimers())

const NOW = 1_700_000_000_000

function lane(counts: Partial<LaneStats['counts']>, more: Partial<LaneStats> = {}): LaneStats {
  const all = { pending: 0, running: 0, done: 0, dead: 0, ...counts }
  return { receiver: 'acme', subscription: 'ping', counts: all, oldest: undefined, ...more }
}

/** A memory inbox that says it has these tasks. */
function counting(lanes: readonly LaneStats[], more: Partial<Inbox> = {}): Inbox {
  const { journal: _, ...inbox } = memoryInbox()
  return { ...inbox, view: { ...inbox.view!, stats: () => lanes }, ...more } as Inbox
}

const LANES = [
  lane({ pending: 3, running: 2, dead: 1, done: 100 }, { oldest: NOW - 10 }),
  lane({ pending: 20, dead: 10 }, { subscription: 'mail', oldest: NOW - 30 }),
  lane({ pending: 100 }, { subscription: 'log' }),
  lane({ pending: 5000, dead: 5000 }, { receiver: 'other', oldest: NOW - 1000 }),
]

test('figures are those of the receiver, over all its subscriptions', async () => {
  const { receiver } = setup({ inbox: counting(LANES), work: 'drain', silence: '1h' })
  expect(await receiver.health()).toEqual({
    ok: true,
    receiver: 'acme',
    inbox: 'ok',
    pending: 125,
    oldest: NOW - 30,
    dead: 11,
    lastDelivery: undefined,
    silence: 3_600_000,
  })
})

test.each<[number, boolean, string]>([
  [126, true, 'ok'],
  [125, false, 'full: 125 tasks of maxPending 125'],
  [100, false, 'full: 125 tasks of maxPending 100'],
])('an inbox with maxPending %i and 125 tasks: %o', async (maxPending, ok, inbox) => {
  const { receiver } = setup({ inbox: counting(LANES, { maxPending }), work: 'drain' })
  expect(await receiver.health()).toMatchObject({ ok, inbox, pending: 125 })
})

test('an inbox without tasks has none of these figures', async () => {
  const { receiver } = setup({ inbox: inlineInbox() })
  expect(await receiver.health()).toEqual({
    ok: true,
    receiver: 'acme',
    inbox: 'ok',
    pending: undefined,
    oldest: undefined,
    dead: undefined,
    lastDelivery: undefined,
    silence: undefined,
  })
  const bounded = setup({ inbox: { ...inlineInbox(), maxPending: 0 } })
  expect((await bounded.receiver.health()).ok).toBe(false)
})

test('a receiver that was closed is not ok, while its inbox is', async () => {
  const { receiver } = setup({ inbox: memoryInbox() })
  await receiver.close()
  expect(await receiver.health()).toMatchObject({ ok: false, inbox: 'ok', pending: 0 })
})

describe('an inbox that cannot tell', () => {
  const unknown = { pending: undefined, oldest: undefined, dead: undefined }

  test('says why', async () => {
    const inbox = counting([])
    const { receiver, send } = setup({ inbox, work: 'drain', now: () => NOW, silence: '1m' })
    await send()
    inbox.view!.stats = () => Promise.reject(new Error('no connection'))
    expect(await receiver.health()).toEqual({
      ok: false,
      receiver: 'acme',
      inbox: 'no connection',
      ...unknown,
      lastDelivery: NOW,
      silence: 60_000,
    })
  })

  test('is waited for less than a second', async () => {
    const inbox = counting([])
    inbox.view!.stats = () => new Promise(() => {})
    const { receiver } = setup({ inbox, work: 'drain' })
    await receiver.close()
    await import('../../src/receive/health.ts')
    vi.useFakeTimers()
    const asked = receiver.health()
    await vi.dynamicImportSettled()
    await vi.advanceTimersByTimeAsync(999)
    expect(await asked).toMatchObject({
      ok: false,
      inbox: 'memoryInbox has not answered for 900 ms',
      ...unknown,
    })
  })
})

describe('the last delivery', () => {
  test('is the last verified one', async () => {
    let now = NOW
    const { receiver, send } = setup({ work: 'drain', now: () => ++now })
    await send({ topic: 'unhandled' })
    await send({ secret: 'wrong' })
    const { lastDelivery } = await receiver.health()
    expect(lastDelivery).toBeGreaterThan(NOW)
    expect(lastDelivery).toBeLessThan(now)
    await send()
    expect((await receiver.health()).lastDelivery).toBeGreaterThan(lastDelivery!)
  })

  test('is what the journal knows of the receiver, if none came to this process', async () => {
    const inbox = memoryInbox()
    let now = NOW
    const options = { inbox, work: 'drain', now: () => now } as const
    const before = setup(options)
    const greeted = setup({ ...options, name: 'other' })
    before.receiver.on('ping', () => {})
    await before.send()
    now += 1000
    await greeted.send()
    await before.send({ secret: 'wrong' })
    for (const { receiver } of [before, greeted]) await receiver.close()
    const { receiver } = setup(options)
    expect((await receiver.health()).lastDelivery).toBe(NOW)
  })
})
