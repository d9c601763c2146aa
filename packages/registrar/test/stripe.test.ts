import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { NewSecret } from '../src/registrar.ts'
import { stripeRegistrar } from '../src/stripe.ts'
import { testRegistrar } from './contract.ts'
import { startStripe, STRIPE_KEY, type StripeDestination } from './fakes/stripe.ts'
import { opened } from './fakes/opened.ts'

const url = 'https://app.example/stripe'
const make = (api: string, more: object = {}) =>
  stripeRegistrar({ api, key: STRIPE_KEY, wait: async () => {}, ...more })
const register = async (registrar: ReturnType<typeof make>, told: NewSecret[] = []) => {
  const plan = await registrar.plan({ url, topics: ['invoice.paid'] })
  await registrar.apply(plan, { onSecret: (each) => told.push(each) })
  return plan.steps.map((step) => step.do)
}

testRegistrar('Stripe', {
  start: startStripe,
  make: (options, key) => stripeRegistrar({ ...options, key }),
  token: STRIPE_KEY,
  more: (fake, at) =>
    (fake.endpoints as unknown[]).push({ ...fake.endpoints[0], id: `more-${at}` }),
  patterns: ['invoice.paid', 'payment_link.*'],
  topics: ['invoice.paid', 'payment_link.created', 'payment_link.updated'],
  others: ['invoice.paid', 'customer.created'],
  apply: { onSecret: () => {} },
  disable: (fake, id) => void (fake.endpoints.find((each) => each.id === id)!.status = 'disabled'),
})

testRegistrar('Stripe thin events', {
  start: startStripe,
  make: (options, key) => stripeRegistrar({ ...options, key, payload: 'thin' }),
  token: STRIPE_KEY,
  more: (fake, at) =>
    (fake.destinations as StripeDestination[]).push({
      id: `more-${at}`,
      event_payload: 'thin',
      events_from: ['@self'],
      enabled_events: [],
      status: 'enabled',
      snapshot_api_version: null,
      metadata: {},
      webhook_endpoint: { url: 'https://stranger.example/thin', signing_secret: 'whsec_stranger' },
    }),
  patterns: ['v1.invoice.paid', 'v1.payment_link.*'],
  topics: ['v1.invoice.paid', 'v1.payment_link.created', 'v1.payment_link.updated'],
  others: ['v1.invoice.paid', 'v2.core.account.created'],
  apply: { onSecret: () => {} },
  disable: (fake, id) =>
    void (fake.destinations.find((each) => each.id === id)!.status = 'disabled'),
})

test('subscribes to everything by *, and names what Stripe does not have', () => {
  const registrar = make('http://127.0.0.1:9')
  expect(registrar.map(['**']).topics).toEqual(['*'])
  expect(registrar.map(['invoice.payed', 'charge.dispute.*'])).toMatchObject({
    topics: expect.arrayContaining(['charge.dispute.closed', 'charge.dispute.created']),
    unknown: ['invoice.payed'],
  })
})

test('makes no endpoint when the secret would be lost', async () => {
  const fake = await opened(startStripe())
  const registrar = make(fake.url)
  const plan = await registrar.plan({ url, topics: ['invoice.paid'] })
  await expect(registrar.apply(plan)).rejects.toThrow(/^onSecret: must be given/)
  await expect(registrar.apply(plan, { secret: 'whsec_x0123456789' })).rejects.toThrow(
    /accepts none/,
  )
  expect(fake.requests.every(({ method }) => method === 'GET')).toBe(true)
})

test('deletes the endpoint again when onSecret throws, and tells no secret', async () => {
  const fake = await opened(startStripe())
  const registrar = make(fake.url)
  const plan = await registrar.plan({ url, topics: ['invoice.paid'] })
  let secret = ''
  const results = await registrar.apply(plan, {
    onSecret(told) {
      secret = told.secret
      throw new Error(`the vault rejected ${told.secret}`)
    },
  })
  expect(results).toMatchObject([
    { state: 'failed', reason: expect.stringContaining('was deleted again') },
  ])
  expect(secret).toMatch(/^whsec_/)
  expect(JSON.stringify(results)).not.toContain(secret)
  expect(fake.endpoints.map(({ id }) => id)).toEqual(['we_stranger'])
})

test('replaces an endpoint whose secret was never kept', async () => {
  const fake = await opened(startStripe())
  const registrar = make(fake.url)
  await register(registrar)
  // Imitates a process that died between Stripe's answer and `onSecret`.
  fake.endpoints[0]!.metadata = { postern_secret: 'untold' }
  const plan = await registrar.plan({ url, topics: ['invoice.paid'] })
  expect(plan.steps).toMatchObject([{ do: 'replace', why: expect.stringContaining('untold') }])
  const told: NewSecret[] = []
  await registrar.apply(plan, { onSecret: (each) => told.push(each) })
  expect(told).toMatchObject([{ endpoint: 'we_2', secret: fake.endpoints[0]!.secret }])
  expect(fake.endpoints.map(({ id }) => id)).toEqual(['we_2', 'we_stranger'])
})

test('replaces an endpoint for another API version, the new one first', async () => {
  const fake = await opened(startStripe())
  await register(make(fake.url))
  const after = make(fake.url, { apiVersion: '2026-10-28.dahlia' })
  const plan = await after.plan({ url, topics: ['invoice.paid'] })
  expect(plan.steps).toMatchObject([{ do: 'replace', id: 'we_1' }])
  await after.apply(plan, { onSecret: () => {} })
  expect(fake.endpoints[0]).toMatchObject({ id: 'we_2', api_version: '2026-10-28.dahlia' })
  const changes = fake.requests.filter(({ method }) => method !== 'GET').slice(-3)
  expect(changes.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1/webhook_endpoints',
    'POST /v1/webhook_endpoints/we_2',
    'DELETE /v1/webhook_endpoints/we_1',
  ])
})

test('rotates by a second endpoint, which is off until the receiver has its secret', async () => {
  const fake = await opened(startStripe())
  const registrar = make(fake.url)
  await register(registrar)
  fake.endpoints[0]!.api_version = '2025-01-01'
  const during: unknown[] = []
  await registrar.rotate!('we_1', {
    onSecret: () => during.push(...fake.endpoints.map(({ id, status }) => `${id} ${status}`)),
  })
  expect(during).toEqual(['we_2 disabled', 'we_1 enabled', 'we_stranger enabled'])
  expect(fake.endpoints).toMatchObject([
    {
      id: 'we_2',
      status: 'enabled',
      url,
      enabled_events: ['invoice.paid'],
      metadata: {},
      api_version: '2025-01-01',
    },
    { id: 'we_stranger' },
  ])
})

test('leaves the endpoint of Connect alone that has the same URL, and the other way round', async () => {
  const fake = await opened(startStripe())
  const [own, connect] = [make(fake.url), make(fake.url, { connect: true })]
  expect([await register(own), await register(connect)]).toEqual([['create'], ['create']])
  expect([await register(own), await register(connect)]).toEqual([[], []])
  await connect.rotate!('we_2', { onSecret: () => {} })
  expect([await register(own), await register(connect)]).toEqual([[], []])
  expect(fake.endpoints.map(({ id }) => id)).toEqual(['we_3', 'we_1', 'we_stranger'])
})

test('makes one endpoint when the answer to its creation was lost', async () => {
  const fake = await opened(startStripe())
  let calls = 0
  const registrar = make(fake.url, {
    fetch: async (input: URL, init: RequestInit) => {
      const response = await fetch(input, init)
      if (init.method === 'POST' && calls++ === 0) throw new TypeError('fetch failed')
      return response
    },
  })
  const told: NewSecret[] = []
  await register(registrar, told)
  expect(fake.endpoints.map(({ id }) => id)).toEqual(['we_1', 'we_stranger'])
  expect(told).toMatchObject([{ secret: fake.endpoints[0]!.secret }])
})

describe('event destinations', () => {
  let fake: Awaited<ReturnType<typeof startStripe>>
  beforeEach(async () => (fake = await startStripe()))
  afterEach(async () => {
    await fake.close()
    expect(fake.problems).toEqual([])
  })
  const told: NewSecret[] = []
  const apply = async (topics: readonly string[], more: object) => {
    const registrar = make(fake.url, more)
    const plan = await registrar.plan({ url, topics })
    const results = await registrar.apply(plan, { onSecret: (each) => told.push(each) })
    expect(results.filter(({ state }) => state !== 'done')).toEqual([])
    return plan.steps.map((step) => `${step.do} ${step.kind} ${step.id ?? ''}`.trim())
  }
  const there = () => [
    ...fake.destinations.map((each) => `${each.id} ${each.event_payload} ${each.status}`),
    ...fake.endpoints.filter((each) => each.url === url).map((each) => `${each.id} ${each.status}`),
  ]
  const [plain, thin, snapshot] = [{}, { payload: 'thin' }, { payload: 'snapshot' }]
  const both = ['invoice.paid', 'v1.invoice.paid']

  test('thin events move in beside the webhook endpoint, which goes when no pattern needs it', async () => {
    expect(await apply(['invoice.paid'], plain)).toEqual(['create webhook_endpoint'])
    expect(await apply(both, thin)).toEqual(['create event_destination'])
    expect(await apply(both, plain)).toEqual([])
    expect(await apply(both, thin)).toEqual([])
    expect(there()).toEqual(['ed_2 thin enabled', 'we_1 enabled'])
    expect(fake.destinations[0]).toMatchObject({
      enabled_events: ['v1.invoice.paid'],
      events_from: ['@self'],
      metadata: {},
    })
    expect(await apply(['v1.invoice.paid'], thin)).toEqual(['delete webhook_endpoint we_1'])
    expect(there()).toEqual(['ed_2 thin enabled'])
    // The way back follows the same rule.
    expect(await apply(both, snapshot)).toEqual(['create event_destination'])
    expect(await apply(['invoice.paid'], snapshot)).toEqual(['delete event_destination ed_2'])
    expect(there()).toEqual(['ed_3 snapshot enabled'])
  })

  test('what delivers is deleted last, and stays if the secret of its successor was not kept', async () => {
    await apply(['invoice.paid'], plain)
    const registrar = make(fake.url, thin)
    const plan = await registrar.plan({ url, topics: ['v1.invoice.paid'] })
    expect(plan.steps).toMatchObject([{ do: 'replace', id: 'we_1' }])
    const failed = await registrar.apply(plan, {
      onSecret() {
        throw new Error('the vault is down')
      },
    })
    expect(failed).toMatchObject([{ state: 'failed' }])
    expect(there()).toEqual(['we_1 enabled'])
    await apply(['v1.invoice.paid'], thin)
    expect(there()).toEqual(['ed_3 thin enabled'])
    const changes = fake.requests.filter(({ method }) => method !== 'GET').slice(-3)
    expect(changes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v2/core/event_destinations',
      'POST /v2/core/event_destinations/ed_3',
      'DELETE /v1/webhook_endpoints/we_1',
    ])
  })

  test('a webhook endpoint becomes a destination for the same snapshots', async () => {
    await apply(['invoice.paid'], plain)
    expect(await apply(['invoice.paid'], { ...snapshot, apiVersion: '2026-10-28.dahlia' })).toEqual(
      ['replace event_destination we_1'],
    )
    expect(there()).toEqual(['ed_2 snapshot enabled'])
    expect(fake.destinations[0]!.snapshot_api_version).toBe('2026-10-28.dahlia')
    expect(told.at(-1)).toMatchObject({ endpoint: 'ed_2', secret: 'whsec_ed_2_0123456789' })
  })

  test('those of connected accounts are left alone, and the other way round', async () => {
    const connect = { ...thin, connect: true }
    expect(await apply(['v1.invoice.paid'], thin)).toEqual(['create event_destination'])
    expect(await apply(['v1.invoice.paid'], connect)).toEqual(['create event_destination'])
    expect(fake.destinations[0]!.events_from).toEqual(['@accounts'])
    expect(await apply(['v1.invoice.paid'], thin)).toEqual([])
    expect(await apply(['v1.invoice.paid'], connect)).toEqual([])
  })

  test('are rotated by a second one that is off, turned off and on, and pinged', async () => {
    await apply(['v1.invoice.paid'], thin)
    const registrar = make(fake.url, thin)
    const during: string[] = []
    await registrar.rotate!('ed_1', { onSecret: () => during.push(...there()) })
    expect(during).toEqual(['ed_2 thin disabled', 'ed_1 thin enabled'])
    expect(there()).toEqual(['ed_2 thin enabled'])
    await registrar.disable!('ed_2')
    expect(there()).toEqual(['ed_2 thin disabled'])
    await registrar.enable!('ed_2')
    await registrar.ping!('ed_2')
    expect(there()).toEqual(['ed_2 thin enabled'])
    expect(fake.pinged).toEqual(['ed_2'])
  })

  test('one that another registrar made is turned on by the API that has it', async () => {
    await apply(['invoice.paid'], plain)
    fake.endpoints[0]!.status = 'disabled'
    await make(fake.url, thin).enable!('we_1')
    expect(there()).toEqual(['we_1 enabled'])
  })
})

test('each payload has its topics, and the plan says which registrar has the others', () => {
  const map = (payload: object, patterns: readonly string[]) =>
    make('http://127.0.0.1:9', payload).map(patterns)
  const mixed = [
    'invoice.paid',
    'v1.invoice.paid',
    'invoice.payed',
    'v2.core.event_destination.ping',
  ]
  expect(map({ payload: 'thin' }, mixed)).toMatchObject({
    topics: ['v1.invoice.paid'],
    unknown: ['invoice.payed'],
    manual: [
      { pattern: 'invoice.paid', why: expect.stringContaining("payload: 'snapshot'") },
      { pattern: 'v2.core.event_destination.ping', why: 'call ping() for it' },
    ],
  })
  expect(map({}, mixed)).toMatchObject({
    topics: ['invoice.paid'],
    manual: [{ pattern: 'v1.invoice.paid' }, { pattern: 'v2.core.event_destination.ping' }],
  })
  const every = map({ payload: 'thin' }, ['**']).topics
  expect(every).toContain('v2.core.account[requirements].updated')
  expect(every.every((topic) => /^v[12]\./.test(topic))).toBe(true)
  expect(map({ payload: 'snapshot' }, ['**']).topics).not.toContain('*')
})

test('a payload that Stripe does not have, and a version of thin events, are rejected', () => {
  const made = (more: object) => () => make('http://127.0.0.1:9', more)
  expect(made({ payload: 'fat' })).toThrow(/payload: must be 'snapshot' or 'thin', got fat/)
  expect(made({ payload: 'thin', apiVersion: '2026-10-28' })).toThrow(/apiVersion: thin events/)
})
