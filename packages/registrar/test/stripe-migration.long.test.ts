// A migration from snapshot to thin events, as in Stripe's guide. For some time, both destinations are active.
import { createReceiver, memoryInbox } from '@postern/core'
import { stripe, stripeObject } from '@postern/providers/stripe'
import { expect, test } from 'vitest'
import { stripeRegistrar } from '../src/stripe.ts'
import { startStripe, STRIPE_KEY } from './fakes/stripe.ts'
import { opened } from './fakes/opened.ts'

const COUNT = 10_000
const url = 'https://app.example/stripe'
const BOTH = ['customer.updated', 'v1.customer.updated']

test('10,000 changes while snapshots become thin events: every object is handled, none twice by one subscription', async () => {
  const customers = new Map<string, { id: string; object: string; version: number }>()
  const fake = await opened(startStripe({ customers }))
  const secrets: string[] = ['whsec_before_the_first_endpoint']
  const apply = async (topics: readonly string[], payload?: 'thin') => {
    const options = { api: fake.url, key: STRIPE_KEY, ...(payload && { payload }) }
    const registrar = stripeRegistrar(options)
    await registrar.apply(await registrar.plan({ url, topics }), {
      onSecret: ({ secret }) => secrets.push(secret),
    })
  }

  const handled = new Map<string, number>()
  const shadowed: string[] = []
  const current = stripeObject({
    key: STRIPE_KEY,
    fetch: async (input, init) => {
      const { origin, pathname } = new URL(input as string)
      expect(origin).toBe('https://api.stripe.com')
      return fetch(fake.url + pathname, init)
    },
  })
  let left = 0
  let wake = (): void => undefined
  const count = (tasks: number): void => {
    left += tasks
    if (left === 0) wake()
  }
  const idle = async (): Promise<void> => {
    if (left > 0) await new Promise<void>((resolve) => (wake = resolve))
  }
  const receiver = createReceiver({
    provider: stripe({ secret: () => secrets }),
    inbox: memoryInbox(),
    log: false,
    observers: [{ accepted: (_event, tasks) => count(tasks), done: () => count(-1) }],
  })
  receiver.on(BOTH, { name: 'sync', retry: { initialDelay: 1 } }, async (event, task) => {
    const customer = await current<{ id: string; version: number }>(event, task)
    expect(customer?.version).toBe(1)
    handled.set(customer!.id, (handled.get(customer!.id) ?? 0) + 1)
  })
  receiver.on('v1.customer.updated', { name: 'shadow' }, ({ payload }) => {
    shadowed.push((payload as { related_object: { id: string } }).related_object.id)
  })

  const sent = { snapshot: 0, thin: 0 }
  /**
   * Delivers one change of a customer to each active endpoint. Some deliveries are repeated, some change places, and
   * some are simultaneous.
   */
  const change = async (at: number): Promise<void> => {
    const id = `cus_${at}`
    customers.set(id, { id, object: 'customer', version: 1 })
    const related = { id, type: 'customer', url: `/v1/customers/${id}` }
    const requests = [
      ...fake.endpoints
        .filter((each) => each.url === url)
        .map(({ secret }) => {
          sent.snapshot++
          const payload = { data: { object: { id, object: 'customer', version: 0 } } }
          return stripe({ secret }).sign!({ topic: BOTH[0]!, id: `evt_${at}`, payload })
        }),
      ...fake.destinations.map(({ webhook_endpoint: { signing_secret: secret } }) => {
        sent.thin++
        const payload = { related_object: related, snapshot_event: `evt_${at}` }
        return stripe({ secret }).sign!({ topic: BOTH[1]!, id: `evt_thin_${at}`, payload })
      }),
    ]
    if (at % 2 === 1) requests.reverse()
    if (at % 10 === 3) requests.push(requests[0]!)
    if (at % 3 === 0) {
      const replies = await Promise.all(requests.map(async (each) => receiver.receive(each)))
      expect(replies.map(({ status }) => status)).toEqual(requests.map(() => 200))
    } else for (const each of requests) expect((await receiver.receive(each)).status).toBe(200)
    if (at % 1000 === 500)
      fake.interrupt({ status: at % 2000 === 500 ? 503 : 429, headers: { 'retry-after': '1' } })
    if (at % 100 === 0) await idle()
  }

  await apply(['customer.updated'])
  for (let at = 0; at < 2000; at++) await change(at)
  await apply(BOTH, 'thin')
  await apply(BOTH)
  expect([fake.endpoints.length, fake.destinations.length]).toEqual([2, 1])
  for (let at = 2000; at < 8000; at++) await change(at)
  await apply(['v1.customer.updated'], 'thin')
  expect([fake.endpoints.length, fake.destinations.length]).toEqual([1, 1])
  for (let at = 8000; at < COUNT; at++) await change(at)
  await idle()

  expect(sent).toEqual({ snapshot: 8000, thin: 8000 })
  expect(handled.size).toBe(COUNT)
  const twice = [...handled.values()].filter((times) => times !== 1)
  expect(twice).toEqual([])
  // A subscription to one form gets all events of that form.
  expect(shadowed.length).toBe(8000)
  expect(new Set(shadowed).size).toBe(8000)
  await receiver.close()
})
