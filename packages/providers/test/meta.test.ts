import { describe, expect, test } from 'vitest'
import { meta } from '../src/meta.ts'
import { deliver } from './deliver.ts'

const provider = meta({ appSecret: 'app secret', verifyToken: 'meatyhamhock' })

describe('meta', () => {
  test('makes an event of each update, in the envelope it came in', async () => {
    const sender = { sender: { id: '4432' }, recipient: { id: '6824' }, timestamp: 1 }
    const seen = { ...sender, read: { watermark: 7 } }
    const entry = {
      id: '682498302938465',
      time: 1518479195594,
      messaging: [
        { ...sender, message: { mid: 'mid.1', text: 'hi' } },
        { ...sender, reaction: { mid: 'mid.1', action: 'react' } },
        seen,
        { ...sender, delivery: { mids: ['mid.1'], watermark: 7 } },
      ],
      changes: [{ field: 'leadgen', value: { leadgen_id: 'big' } }],
    }
    const body = JSON.stringify({ object: 'page', entry: [entry] })
    const signed = provider.sign!({ body: body.replace('"big"', '9007199254740993') })
    const { events, got } = await deliver(provider, [signed])
    expect(got).toEqual([
      'page.leadgen 9007199254740993',
      'page.message mid.1',
      'page.reaction mid.1:react',
      'page.read 4432:7',
      'page.delivery 4432:7:delivery',
    ])
    const { id, time } = entry
    expect(events[3]!.payload).toEqual({ object: 'page', entry: [{ id, time, messaging: [seen] }] })
  })

  test('keeps what is said of one post apart, and says the same of a redelivery', async () => {
    const change = (value: object): object => ({
      field: 'feed',
      value: { post_id: '1_2', ...value },
    })
    const values = [
      { item: 'status', verb: 'add' },
      { item: 'status', verb: 'edited' },
      { item: 'reaction', verb: 'add', from: { id: '5' } },
      { item: 'reaction', verb: 'add', from: { id: '6' } },
      { item: 'comment', verb: 'add', comment_id: '1_3' },
    ]
    const entry = { id: '1', time: 1, changes: values.map(change) }
    const signed = provider.sign!({ body: JSON.stringify({ object: 'page', entry: [entry] }) })
    const { events } = await deliver(provider, [signed, signed])
    expect(new Set(events.map(({ id }) => id)).size).toBe(5)
    expect(events).toHaveLength(5)
    expect(events.map(({ id }) => id)).toEqual(expect.arrayContaining(['1_2', '1_3']))
  })

  test('signs entries as they are given', async () => {
    const value = { messaging_product: 'whatsapp', statuses: [{ id: 'wamid.1', status: 'read' }] }
    const entry = [{ id: '1', changes: [{ field: 'messages', value }] }]
    const topic = 'whatsapp_business_account.statuses'
    const { events } = await deliver(provider, [provider.sign!({ topic, payload: { entry } })])
    const payload = { object: 'whatsapp_business_account', entry }
    expect(events).toMatchObject([{ topic, id: 'wamid.1:read', payload }])
  })
})
