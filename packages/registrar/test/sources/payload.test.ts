// Sources that read payloads from pages: what they list, what they return, and that both ids equal the webhook's.
import { expect, test } from 'vitest'
import type { Provider } from '@postern/core/scheme'
import { figma } from '@postern/providers/figma'
import { paddle } from '@postern/providers/paddle'
import { square } from '@postern/providers/square'
import { stripe } from '@postern/providers/stripe'
import { workos } from '@postern/providers/workos'
import type { ApiOptions } from '../../src/common/options.ts'
import type { PayloadSource } from '../../src/source.ts'
import { figmaEvents } from '../../src/sources/figma.ts'
import { paddleEvents } from '../../src/sources/paddle.ts'
import { squareEvents } from '../../src/sources/square.ts'
import { stripeEvents } from '../../src/sources/stripe.ts'
import { workosEvents } from '../../src/sources/workos.ts'
import type { Fake } from '../fakes/fake.ts'
import { FIGMA_TEAM, FIGMA_TOKEN, startFigma } from '../fakes/figma.ts'
import { PADDLE_KEY, startPaddle, type PaddleEvent } from '../fakes/paddle.ts'
import { SQUARE_TOKEN, startSquare } from '../fakes/square.ts'
import { startStripe, STRIPE_KEY, type StripeEvent } from '../fakes/stripe.ts'
import { startWorkos, WORKOS_KEY } from '../fakes/workos.ts'
import { opened } from '../fakes/opened.ts'
import { all, END, HOUR, identify, RANGE, timeOf } from './scene.ts'

const COUNT = 450
const url = 'https://stranger.example/hooks'
const hour = Array.from({ length: COUNT }, (_, at) => at)

interface Subject {
  readonly start: () => Promise<Fake>
  readonly make: (options: ApiOptions) => PayloadSource
  readonly provider: Provider
  readonly topic: string
  /** Number of requests for the whole list. */
  readonly pages: number
  /** True if the webhook has another id than the list. */
  readonly derived?: true
}

const subjects: Readonly<Record<string, Subject>> = {
  Stripe: {
    start: () => startStripe({ events: hour.map((at) => stripeEvent(at)) }),
    make: (options) => stripeEvents({ ...options, key: STRIPE_KEY, url }),
    provider: stripe({ secret: 'whsec_0123456789abcdef' }),
    topic: 'invoice.paid',
    pages: 5,
  },
  'Stripe thin events': {
    start: () =>
      startStripe({
        thin: hour.map((at) => ({
          id: `evt_${at}`,
          object: 'v2.core.event',
          type: 'v1.invoice.paid',
          created: timeOf(at, COUNT),
          related_object: { id: 'in_1', type: 'invoice', url: '/v1/invoices/in_1' },
          data: { more: 'than a delivery has' },
        })),
      }),
    make: (options) => stripeEvents({ ...options, key: STRIPE_KEY, url, payload: 'thin' }),
    provider: stripe({ secret: 'whsec_0123456789abcdef' }),
    topic: 'v1.invoice.paid',
    pages: 5,
  },
  Square: {
    start: () =>
      startSquare({
        events: hour.map((at) => ({
          event_id: `sq-${at}`,
          type: 'payment.created',
          created_at: timeOf(at, COUNT),
          merchant_id: 'm',
        })),
      }),
    make: (options) => squareEvents({ ...options, token: SQUARE_TOKEN, url }),
    provider: square({ signatureKey: 'key_0123456789', publicUrl: url }),
    topic: 'payment.created',
    pages: 5,
  },
  Paddle: {
    start: () =>
      startPaddle({ events: hour.map((at) => paddleEvent(`evt_${at}`, timeOf(at, COUNT))) }),
    make: (options) => paddleEvents({ ...options, key: PADDLE_KEY }),
    provider: paddle({ secretKey: 'pdl_ntfset_0123456789' }),
    topic: 'transaction.paid',
    pages: 3,
  },
  WorkOS: {
    start: () =>
      startWorkos(
        hour.map((at) => ({
          id: `event_${at}`,
          event: 'dsync.user.created',
          created_at: timeOf(at, COUNT),
        })),
      ),
    make: (options) =>
      workosEvents({ ...options, key: WORKOS_KEY, events: ['dsync.user.created'] }),
    provider: workos({ secret: 'a-secret-0123456789' }),
    topic: 'dsync.user.created',
    pages: 5,
  },
  Figma: {
    start: () =>
      startFigma({
        requests: hour.map((at) => ({
          id: String(at),
          sent_at: timeOf(at, COUNT),
          status: at % 3 === 0 ? undefined : 500,
          payload: figmaPayload(at),
        })),
      }),
    make: (options) =>
      figmaEvents({ ...options, token: FIGMA_TOKEN, context: 'team', contextId: FIGMA_TEAM, url }),
    provider: figma({ passcode: 'theirs' }),
    topic: 'FILE_UPDATE',
    pages: 2,
    derived: true,
  },
}

for (const [name, { start, make, provider, topic, pages, derived }] of Object.entries(subjects)) {
  test(`${name}: lists an hour newest first, and gives each payload with the webhook's identity`, async () => {
    const fake = await start()
    const waits: number[] = []
    const source = make({ api: fake.url, wait: async (time) => void waits.push(time) })
    fake.interrupt({ status: 429, headers: { 'retry-after': '2' } })
    const events = await all(source)
    expect(waits).toEqual([2000])
    expect(fake.requests).toHaveLength(pages + 1)
    expect(events).toHaveLength(COUNT)
    expect(new Set(events.map(({ id }) => id)).size).toBe(COUNT)
    expect(events.every((event) => event.topic === topic && event.undelivered !== false)).toBe(true)
    expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted((a, b) => b - a))

    for (const event of events.toReversed()) {
      const [draft, ...more] = identify(provider, await source.read(event))
      expect(more).toEqual([])
      expect(draft).toMatchObject({ topic: event.topic, ...(derived ? {} : { id: event.id }) })
      expect(draft!.id).toBeDefined()
    }
    // The payloads were read oldest first, so each page was fetched once more.
    expect(fake.requests).toHaveLength(2 * pages + 1)

    const half = await all(source, { since: END - HOUR / 2, until: END, limit: 1000 })
    expect(half.length).toBeGreaterThan(COUNT / 2 - 2)
    expect(half.length).toBeLessThan(COUNT / 2 + 2)
    expect(await all(source, { ...RANGE, limit: 7 })).toHaveLength(7)
    await fake.close()
    expect(fake.problems).toEqual([])
  })
}

test('Stripe: lists what is undelivered, and tells the versions of payloads and of the endpoint', async () => {
  const events = [
    stripeEvent(0),
    stripeEvent(1, { delivered: true }),
    stripeEvent(2, { api_version: '2024-01-01' }),
  ]
  const fake = await opened(startStripe({ events }))
  const source = stripeEvents(optionsOf(fake))
  fake.endpoints[0]!.api_version = '2026-10-28.dahlia'
  expect((await all(source)).map(({ id, version }) => [id, version])).toEqual([
    ['evt_0', '2026-10-28.dahlia'],
    ['evt_2', '2024-01-01'],
  ])
  expect(await all(source, { ...RANGE, undelivered: false })).toHaveLength(3)
  expect(await source.version!()).toBe('2026-10-28.dahlia')
})

test('Stripe: a thin event of a connected account is read as it is delivered: with its account, without further data', async () => {
  const listed = { object: 'v2.core.event', type: 'v1.invoice.paid', created: timeOf(1, 60) }
  const related_object = { id: 'in_1', type: 'invoice', url: '/v1/invoices/in_1' }
  const own = { ...listed, id: 'evt_own', related_object, data: { a: 1 } }
  const connected = { ...listed, id: 'evt_connected', related_object, context: 'acct_1' }
  const fake = await opened(startStripe({ thin: [own, connected] }))
  const source = stripeEvents({ ...optionsOf(fake), account: 'acct_1', payload: 'thin' })
  const [event, ...more] = await all(source)
  expect([event!.id, more]).toEqual(['evt_connected', []])
  expect(JSON.parse((await source.read(event!)).body)).toEqual(connected)
  const plain = stripeEvents({ ...optionsOf(fake), payload: 'thin' })
  const [first] = await all(plain)
  const { data: _data, ...delivered } = own
  expect(JSON.parse((await plain.read(first!)).body)).toEqual(delivered)
  // Progress is stored by account, so the names of these accounts must differ.
  const accounts = [plain, source, stripeEvents(optionsOf(fake))]
  expect(new Set(accounts.map(({ account }) => account)).size).toBe(3)
  expect(() => stripeEvents({ key: STRIPE_KEY, url, payload: 'fat' as never })).toThrow(/payload/)
})

test('Stripe: gives an event that was delivered after it was listed', async () => {
  const events = hour.slice(0, 3).map((at) => stripeEvent(at))
  const state = { events }
  const fake = await opened(startStripe(state))
  const source = stripeEvents(optionsOf(fake))
  const [newest] = await all(source)
  state.events = [stripeEvent(0, { delivered: true }), ...events.slice(1)]
  expect(JSON.parse((await source.read(newest!)).body)).toMatchObject({ id: 'evt_0' })
})

test('Stripe: lists a connected account by its own pass, and names it in the payload', async () => {
  const events = [stripeEvent(0), stripeEvent(1, { account: 'acct_1' })]
  const fake = await opened(startStripe({ events }))
  const options = optionsOf(fake)
  expect((await all(stripeEvents(options))).map(({ id }) => id)).toEqual(['evt_0'])
  const connected = stripeEvents({ ...options, account: 'acct_1' })
  const [event] = await all(connected)
  expect(JSON.parse((await connected.read(event!)).body)).toMatchObject({
    id: 'evt_1',
    account: 'acct_1',
  })
})

test('Paddle: finds an event again after newer ones have moved it to the next page', async () => {
  const state = { events: hour.map((at) => paddleEvent(`evt_${at}`, timeOf(at, COUNT))) }
  const fake = await opened(startPaddle(state))
  const source = paddleEvents({ api: fake.url, key: PADDLE_KEY })
  const events = await all(source)
  const newer = Array.from({ length: 250 }, (_, at) =>
    paddleEvent(`new_${at}`, new Date(END + 1000 - at).toISOString()),
  )
  state.events = [...newer, ...state.events]
  expect(JSON.parse((await source.read(events[0]!)).body)).toMatchObject({ event_id: 'evt_0' })
  await expect(source.read({ ...events[0]!, id: 'evt_none' })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('Figma: takes the passcode out, and a changed passcode makes no other event', async () => {
  const payload = {
    event_type: 'LIBRARY_PUBLISH',
    webhook_id: '1',
    file_key: 'k',
    timestamp: timeOf(0, 1),
    created: 1,
  }
  const fake = await opened(
    startFigma({
      requests: [{ id: '1', sent_at: timeOf(0, 1), status: undefined, payload }],
    }),
  )
  const options = {
    api: fake.url,
    token: FIGMA_TOKEN,
    context: 'team' as const,
    contextId: FIGMA_TEAM,
    url,
  }
  const source = figmaEvents(options)
  const [event] = await all(source)
  const listed = await source.read(event!)
  expect(listed.body).not.toContain('theirs')
  const provider = figma({ passcode: 'theirs' })
  const sent = { ...listed, body: JSON.stringify({ ...payload, passcode: 'theirs' }) }
  expect(identify(provider, listed)[0]!.id).toBe(identify(provider, sent)[0]!.id)
})

function optionsOf({ url: api }: Fake) {
  return { api, key: STRIPE_KEY, url }
}

function stripeEvent(at: number, more: Partial<StripeEvent> = {}): StripeEvent {
  const created = Math.floor(Date.parse(timeOf(at, COUNT)) / 1000)
  const base = { id: `evt_${at}`, type: 'invoice.paid', created, delivered: false }
  return { ...base, api_version: '2026-10-28.dahlia', ...more }
}

function paddleEvent(event_id: string, occurred_at: string): PaddleEvent {
  return { event_id, event_type: 'transaction.paid', occurred_at }
}

function figmaPayload(at: number): object {
  const timestamp = timeOf(at, COUNT)
  return { event_type: 'FILE_UPDATE', webhook_id: '1', file_key: `file-${at}`, timestamp }
}
