import Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { stripe } from '../../src/stripe.ts'
import { bodyText, deliver } from '../deliver.ts'
import { bodies } from './bodies.ts'

const secret = 'whsec_test_secret'
const sdk = new Stripe('sk_test_none')
const url = 'https://example.com/'

function official(payload: string, options: { secret?: string; timestamp?: number } = {}): string {
  return sdk.webhooks.generateTestHeaderString({ payload, secret, ...options })
}

describe('stripe', () => {
  test.each(bodies)('signs what the receiver accepts: %.60s', async (body) => {
    const headers = { 'stripe-signature': official(body), 'content-type': 'application/json' }
    const result = await deliver(stripe({ secret }), [{ url, headers, body }])
    expect(result.events).toMatchObject([{ id: 'evt_1', topic: 'a.b', payload: JSON.parse(body) }])
  })

  test('verifies what sign makes, snapshot and thin', () => {
    const provider = stripe({ secret })
    const snapshot = provider.sign!({ topic: 'invoice.paid', id: 'evt_1' })
    const event = sdk.webhooks.constructEvent(
      bodyText(snapshot),
      snapshot.headers['stripe-signature']!,
      secret,
    )
    expect(event).toMatchObject({ id: 'evt_1', type: 'invoice.paid', object: 'event' })

    const thin = provider.sign!({
      topic: 'v2.core.event_destination.ping',
      payload: { object: 'v2.core.event', context: null, related_object: null },
    })
    const notification = sdk.parseEventNotification(
      bodyText(thin),
      thin.headers['stripe-signature']!,
      secret,
    )
    expect(notification.type).toBe('v2.core.event_destination.ping')
  })

  test('signs with two secrets while one is rolled: either order of v1 is accepted', async () => {
    const body = bodies[0]!
    const [stamp, right] = official(body).split(',') as [string, string]
    const wrong = official(body, { secret: 'whsec_new' }).split(',')[1]!
    for (const header of [
      [stamp, right, wrong],
      [stamp, wrong, right],
    ]) {
      const delivery = { url, headers: { 'stripe-signature': header.join(',') }, body }
      expect((await deliver(stripe({ secret }), [delivery])).statuses).toEqual([200])
    }
  })

  test('a signature of tomorrow is rejected, though the SDK takes it', async () => {
    const timestamp = Math.floor(Date.now() / 1000) + 86_400
    const header = official(bodies[0]!, { timestamp })
    expect(() => sdk.webhooks.constructEvent(bodies[0]!, header, secret)).not.toThrow()
    const delivery = { url, headers: { 'stripe-signature': header }, body: bodies[0]! }
    const result = await deliver(stripe({ secret }), [delivery])
    expect(result).toMatchObject({ statuses: [401], codes: ['timestamp_in_future'], events: [] })
  })

  test('two events with one idempotency key are two events', async () => {
    const provider = stripe({ secret })
    const request = { id: 'req_1', idempotency_key: 'one-key' }
    const first = provider.sign!({ id: 'evt_1', payload: { request } })
    const second = provider.sign!({ id: 'evt_2', payload: { request } })
    const result = await deliver(provider, [first, second, first])
    expect(result.statuses).toEqual([200, 200, 200])
    expect(result.events.map((event) => event.id)).toEqual(['evt_1', 'evt_2'])
  })
})
