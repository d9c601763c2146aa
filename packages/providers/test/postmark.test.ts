import { expect, test } from 'vitest'
import { postmark } from '../src/postmark.ts'
import { deliver } from './deliver.ts'

const sign = {
  secrets: ['user:p:a:ss', 'user:other'],
  draft: { topic: 'Bounce', id: '4323372036854775807', payload: {} },
  anyCase: true,
} as const

const credentials = sign.secrets[0]

test('events without an ID of their own have one of message, type, recipient and time', async () => {
  const provider = postmark({ credentials })
  const send = (payload: object) => provider.sign!({ body: JSON.stringify(payload) })
  const message = { MessageID: 'm', Recipient: 'a@example.com' }
  const { events } = await deliver(provider, [
    send({ ...message, RecordType: 'Open', ReceivedAt: 't1' }),
    send({ ...message, RecordType: 'Delivery', DeliveredAt: 't2' }),
    send({ ...message, RecordType: 'SubscriptionChange', ChangedAt: 't3' }),
    send({ MessageID: 'inbound', From: 'b@example.com' }),
  ])
  expect(events.map(({ id, topic }) => [topic, id])).toEqual([
    ['Open', 'm:Open:a@example.com:t1'],
    ['Delivery', 'm:Delivery:a@example.com:t2'],
    ['SubscriptionChange', 'm:SubscriptionChange:a@example.com:t3'],
    ['Inbound', 'inbound'],
  ])
})

test('a delivery is signed without the ID that a bounce has', async () => {
  const provider = postmark({ credentials })
  const { events } = await deliver(
    provider,
    ['Bounce', 'Delivery'].map((topic) => provider.sign!({ topic })),
  )
  expect(events.map(({ topic, id }) => [topic, id])).toEqual([
    ['Bounce', '4323372036854775807'],
    ['Delivery', undefined],
  ])
})

test('credentials reach no handler, and whoever has none is asked for them', async () => {
  const provider = postmark({ credentials })
  const { events, replies } = await deliver(provider, [
    provider.sign!({}),
    { url: 'https://example.com/', body: '{}' },
  ])
  expect(events[0]!.delivery.headers.map(([name]) => name)).not.toContain('authorization')
  expect(replies[1]!.headers).toHaveProperty('www-authenticate')
  expect(() => postmark({ credentials: 'no colon' })).toThrow(/credentials.*user:password/)
})
