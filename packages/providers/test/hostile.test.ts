import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { bitbucket } from '../src/bitbucket.ts'
import { generic } from '../src/generic.ts'
import { hubspot } from '../src/hubspot.ts'
import { linear } from '../src/linear.ts'
import { razorpay } from '../src/razorpay.ts'
import { sanity } from '../src/sanity.ts'
import { zendesk } from '../src/zendesk.ts'
import { mailgun } from '../src/mailgun.ts'
import { salesforceOutbound } from '../src/salesforce-outbound.ts'
import { standardWebhooks } from '../src/standard-webhooks.ts'
import { twilio } from '../src/twilio.ts'
import { websub } from '../src/websub.ts'
import { deliver } from './deliver.ts'

// Attacks with a changed URL or a captured delivery. In earlier versions, each of these attacks reached a handler.

const NOW = 1_760_000_000_000
const url = 'https://example.com/hook'

describe('a message that can be cut elsewhere', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const provider = standardWebhooks({ secret })
  const body = `${NOW / 1000}.{"type":"admin.created"}`

  test('Standard Webhooks: neither the captured one nor the cut one is taken', async () => {
    const captured = provider.sign!({ id: 'msg_1', at: NOW, body })
    const cut = {
      ...captured,
      body: '{"type":"admin.created"}',
      headers: { ...captured.headers, 'webhook-id': `msg_1.${NOW / 1000}` },
    }
    const longer = provider.sign!({ id: `msg_2.${NOW / 1000}`, at: NOW, body: '{"type":"a"}' })
    const { codes, events } = await deliver(provider, [captured, cut, longer], NOW)
    expect(codes).toEqual(['malformed_header', 'malformed_header', 'malformed_header'])
    expect(events).toEqual([])
  })

  test('Standard Webhooks: a dot in the id, or numbers in the body, are nothing special', async () => {
    const deliveries = [
      provider.sign!({ id: 'msg.1', at: NOW, topic: 'a' }),
      provider.sign!({ id: 'msg_2', at: NOW, body: '12.5' }),
    ]
    expect((await deliver(provider, deliveries, NOW)).statuses).toEqual([200, 200])
  })

  test('Twilio: a value that became a name is rejected', async () => {
    const sender = twilio({ authToken: '12345' })
    const signed = sender.sign!({ payload: { From: '+19995550100', Body: 'hi' } })
    const body = Buffer.from(signed.body).toString()
    const cut = body.replace('From=%2B19995550100', 'From%2B1999=5550100')
    expect(cut).not.toBe(body)
    const empty = { ...signed, body: '&&' }
    const { statuses, events } = await deliver(sender, [{ ...signed, body: cut }, empty, signed])
    expect(statuses).toEqual([401, 401, 200])
    expect(events).toHaveLength(1)
  })
})

describe('what is signed apart from the rest', () => {
  test('Mailgun: a token stands for one event', async () => {
    const provider = mailgun({ signingKey: 'key' })
    const signed = provider.sign!({ topic: 'delivered', id: 'e1', at: NOW })
    const { signature, ...rest } = JSON.parse(Buffer.from(signed.body).toString()) as {
      readonly signature: object
      readonly 'event-data': object
    }
    const forged = JSON.stringify({
      signature,
      'event-data': { ...rest['event-data'], event: 'failed', id: 'e2' },
    })
    const { statuses, events } = await deliver(
      provider,
      [signed, { ...signed, body: forged }, signed],
      NOW,
    )
    expect(statuses).toEqual([200, 401, 200])
    expect(events.map(({ id }) => id)).toEqual(['e1'])
  })

  test('HubSpot: version 3 alone counts unless older ones are asked for', async () => {
    const body = '[{"subscriptionType":"contact.creation"}]'
    const hash = createHmac('sha256', '').digest('hex')
    const older = { 'x-hubspot-signature-version': 'v1', 'x-hubspot-signature': hash }
    const { codes } = await deliver(hubspot({ clientSecret: 'secret' }), [
      { url, headers: older, body },
    ])
    expect(codes).toEqual(['missing_header'])
  })

  test.each([
    ['bitbucket', bitbucket({ secret: 's' }), { eventKey: 'pr:opened' }, 'x-event-key'],
    ['linear', linear({ secret: 's' }), { type: 'Issue' }, 'linear-event'],
  ])(
    '%s: a header that contradicts the body is rejected',
    async (_name, provider, payload, header) => {
      const signed = provider.sign!({ at: NOW, payload })
      const topic = Object.values(payload)[0] as string
      const right = { ...signed, headers: { ...signed.headers, [header]: topic } }
      const wrong = { ...signed, headers: { ...signed.headers, [header]: 'other' } }
      const { statuses, events } = await deliver(provider, [wrong, right], NOW)
      expect(statuses).toEqual([400, 200])
      expect(events[0]!.topic.startsWith(topic)).toBe(true)
    },
  )

  test('WebSub: the feed says its topic, and a Link header that says another is rejected', async () => {
    const provider = websub({ secret: 's' })
    const signed = provider.sign!({
      topic: 'https://example.com/feed',
      id: 'a:2020-01-01T00:00:00Z',
    })
    const link = '<https://evil.example/>; rel=self'
    const wrong = { ...signed, headers: { ...signed.headers, link } }
    const { statuses, events } = await deliver(provider, [wrong, signed])
    expect(statuses).toEqual([400, 200])
    expect(events.map(({ topic }) => topic)).toEqual(['https://example.com/feed'])
  })
})

describe('what nobody signed', () => {
  test('generic takes no id that was not named: two events of one resource are two', async () => {
    const provider = generic({ secret: 's', scheme: 'hmac', header: 'X-Sig' })
    const named = generic({ secret: 's', scheme: 'hmac', header: 'X-Sig', eventIdField: 'id' })
    const both = ['convo.created', 'convo.status'].map((type) =>
      provider.sign!({ body: JSON.stringify({ id: 42, type }) }),
    )
    expect((await deliver(provider, both)).events).toHaveLength(2)
    expect((await deliver(named, both)).events).toHaveLength(1)
    expect([provider.ids, named.ids]).toEqual([false, true])
    expect([provider.covers.id, named.covers.id]).toEqual([undefined, true])
  })

  test.each([
    ['linear', linear({ secret: 's' }), 'linear-delivery'],
    ['razorpay', razorpay({ secret: 's' }), 'x-razorpay-event-id'],
    ['sanity', sanity({ secret: 's' }), 'idempotency-key'],
    ['zendesk', zendesk({ signingSecret: 's' }), 'x-zendesk-webhook-invocation-id'],
  ])('%s: what was captured is a duplicate under any id', async (_name, provider, header) => {
    const signed = provider.sign!({ at: NOW })
    const again = { ...signed, headers: { ...signed.headers, [header]: 'another' } }
    const { statuses, events } = await deliver(provider, [signed, again, signed], NOW)
    expect(statuses).toEqual([200, 200, 200])
    expect(events).toHaveLength(1)
  })

  test('Salesforce: an organisation that stands in a comment counts for nothing', async () => {
    const provider = salesforceOutbound({ organizationId: '00D000000000001AAA' })
    const soap = (inside: string): string =>
      `<Envelope><Body><notifications>${inside}</notifications></Body></Envelope>`
    const fake = '<!-- <OrganizationId>00D000000000001AAA</OrganizationId> -->'
    const bodies = [
      soap(fake),
      soap(`${fake}<OrganizationId>00D000000000002AAA</OrganizationId>`),
      soap('<OrganizationId>00D000000000002AAA</OrganizationId>'),
    ]
    const headers = { 'content-type': 'text/xml' }
    const { statuses, events } = await deliver(
      provider,
      bodies.map((body) => ({ url, headers, body })),
    )
    expect(statuses.every((status) => status >= 400 && status < 500)).toBe(true)
    expect(events).toEqual([])
  })
})
