import { expect, test } from 'vitest'
import type { NewSecret } from '../src/registrar.ts'
import { stripeRegistrar } from '../src/stripe.ts'
import { testRegistrar } from './contract.ts'
import { startStripe, STRIPE_KEY } from './fakes/stripe.ts'

const url = 'https://app.example/stripe'
const make = (api: string, more: object = {}) =>
  stripeRegistrar({ api, key: STRIPE_KEY, wait: async () => {}, ...more })

testRegistrar('Stripe', {
  start: startStripe,
  make: (options, key) => stripeRegistrar({ ...options, key }),
  token: STRIPE_KEY,
  more: (fake, at) =>
    (fake.endpoints as unknown[]).push({ ...fake.endpoints[0], id: `more-${at}` }),
  url,
  old: 'https://old.example/stripe',
  patterns: ['invoice.paid', 'payment_link.*'],
  topics: ['invoice.paid', 'payment_link.created', 'payment_link.updated'],
  others: ['invoice.paid', 'customer.created'],
  apply: { onSecret: () => {} },
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
  const fake = await startStripe()
  const registrar = make(fake.url)
  const plan = await registrar.plan({ url, topics: ['invoice.paid'] })
  await expect(registrar.apply(plan)).rejects.toThrow(/^onSecret: must be given/)
  await expect(registrar.apply(plan, { secret: 'whsec_x0123456789' })).rejects.toThrow(
    /accepts none/,
  )
  expect(fake.requests.every(({ method }) => method === 'GET')).toBe(true)
  await fake.close()
})

test('deletes the endpoint again when onSecret throws, and tells no secret', async () => {
  const fake = await startStripe()
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
  await fake.close()
})

test('replaces an endpoint whose secret was never kept', async () => {
  const fake = await startStripe()
  const registrar = make(fake.url)
  await registrar.apply(await registrar.plan({ url, topics: ['invoice.paid'] }), {
    onSecret: () => {},
  })
  // As a process leaves it that ends between the answer and onSecret.
  fake.endpoints[0]!.metadata = { postern_secret: 'untold' }
  const plan = await registrar.plan({ url, topics: ['invoice.paid'] })
  expect(plan.steps).toMatchObject([{ do: 'replace', why: expect.stringContaining('untold') }])
  const told: NewSecret[] = []
  await registrar.apply(plan, { onSecret: (each) => told.push(each) })
  expect(told).toMatchObject([{ endpoint: 'we_2', secret: fake.endpoints[0]!.secret }])
  expect(fake.endpoints.map(({ id }) => id)).toEqual(['we_2', 'we_stranger'])
  await fake.close()
})

test('replaces an endpoint for another API version, the new one first', async () => {
  const fake = await startStripe()
  const onSecret = (): void => {}
  const before = make(fake.url)
  await before.apply(await before.plan({ url, topics: ['invoice.paid'] }), { onSecret })
  const after = make(fake.url, { apiVersion: '2026-10-28.dahlia' })
  const plan = await after.plan({ url, topics: ['invoice.paid'] })
  expect(plan.steps).toMatchObject([{ do: 'replace', id: 'we_1' }])
  await after.apply(plan, { onSecret })
  expect(fake.endpoints[0]).toMatchObject({ id: 'we_2', api_version: '2026-10-28.dahlia' })
  const changes = fake.requests.filter(({ method }) => method !== 'GET').slice(-3)
  expect(changes.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1/webhook_endpoints',
    'POST /v1/webhook_endpoints/we_2',
    'DELETE /v1/webhook_endpoints/we_1',
  ])
  await fake.close()
})

test('rotates by a second endpoint, which is off until the receiver has its secret', async () => {
  const fake = await startStripe()
  const registrar = make(fake.url)
  await registrar.apply(await registrar.plan({ url, topics: ['invoice.paid'] }), {
    onSecret: () => {},
  })
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
  await fake.close()
})

test('leaves the endpoint of Connect alone that has the same URL, and the other way round', async () => {
  const fake = await startStripe()
  const apply = async (registrar: ReturnType<typeof make>) => {
    const plan = await registrar.plan({ url, topics: ['invoice.paid'] })
    await registrar.apply(plan, { onSecret: () => {} })
    return plan.steps.map((step) => step.do)
  }
  const [own, connect] = [make(fake.url), make(fake.url, { connect: true })]
  expect([await apply(own), await apply(connect)]).toEqual([['create'], ['create']])
  expect([await apply(own), await apply(connect)]).toEqual([[], []])
  await connect.rotate!('we_2', { onSecret: () => {} })
  expect([await apply(own), await apply(connect)]).toEqual([[], []])
  expect(fake.endpoints.map(({ id }) => id)).toEqual(['we_3', 'we_1', 'we_stranger'])
  await fake.close()
})

test('tells that Stripe turned the endpoint off, and turns it on', async () => {
  const fake = await startStripe()
  const registrar = make(fake.url)
  await registrar.apply(await registrar.plan({ url, topics: ['invoice.paid'] }), {
    onSecret: () => {},
  })
  fake.endpoints[0]!.status = 'disabled'
  expect(await registrar.status({ url })).toMatchObject([{ id: 'we_1', delivering: false }])
  await registrar.enable!('we_1')
  expect(await registrar.status({ url })).toMatchObject([{ id: 'we_1', delivering: true }])
  await fake.close()
})

test('makes one endpoint when the answer to its creation was lost', async () => {
  const fake = await startStripe()
  let calls = 0
  const registrar = make(fake.url, {
    fetch: async (input: URL, init: RequestInit) => {
      const response = await fetch(input, init)
      if (init.method === 'POST' && calls++ === 0) throw new TypeError('fetch failed')
      return response
    },
  })
  const told: NewSecret[] = []
  await registrar.apply(await registrar.plan({ url, topics: ['invoice.paid'] }), {
    onSecret: (each) => told.push(each),
  })
  expect(fake.endpoints.map(({ id }) => id)).toEqual(['we_1', 'we_stranger'])
  expect(told).toMatchObject([{ secret: fake.endpoints[0]!.secret }])
  await fake.close()
})
