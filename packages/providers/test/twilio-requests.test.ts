import { createReceiver, xmlReply } from '@postern/core'
import { describe, expect, test } from 'vitest'
import { twilio } from '../src/twilio.ts'
import { deliver } from './deliver.ts'

const authToken = '12345'
const provider = twilio({ authToken })
const form = (payload: Record<string, string>) =>
  provider.sign!({ payload, topic: payload['MessageStatus'] ?? 'received' })

describe('the reply', () => {
  test.each([
    ['a call', { CallSid: 'CA1', CallStatus: 'ringing' }, true],
    ['an incoming message', { MessageSid: 'SM1', SmsStatus: 'received' }, true],
    ['a status callback of a message', { MessageSid: 'SM1', MessageStatus: 'delivered' }, false],
    ['a conversation', { EventType: 'onMessageAdded', ConversationSid: 'CH1' }, false],
  ])('to %s', async (_name, payload, twiml) => {
    const { replies } = await deliver(provider, [form(payload)])
    expect(replies[0]!.status).toBe(200)
    expect(String(replies[0]!.body ?? '')).toBe(
      twiml ? '<?xml version="1.0" encoding="UTF-8"?><Response/>' : '',
    )
  })

  test('is the answer where there is one, for a repeated call too', async () => {
    const receiver = createReceiver({ provider, log: false })
    const twiml = '<Response><Say>Hello</Say></Response>'
    receiver.answer('ringing', () => xmlReply(twiml))
    const call = provider.sign!({
      method: 'GET',
      payload: { CallSid: 'CA1', CallStatus: 'ringing' },
      topic: '',
      id: 'token',
    })
    const replies = [await receiver.receive(call), await receiver.receive(call)]
    await receiver.close()
    expect(replies.map((reply) => reply.body)).toEqual([twiml, twiml])
  })
})

describe('the id', () => {
  test('a status comes once, a new status is a new event', async () => {
    const sent = form({ MessageSid: 'SM1', MessageStatus: 'sent' })
    const delivered = form({ MessageSid: 'SM1', MessageStatus: 'delivered' })
    const { events } = await deliver(provider, [sent, sent, delivered])
    expect(events.map((event) => event.topic)).toEqual(['sent', 'delivered'])
  })

  test('callbacks of one call that have no number are never duplicates', async () => {
    const gather = form({ CallSid: 'CA1', CallStatus: 'in-progress', Digits: '1' })
    expect((await deliver(provider, [gather, gather])).events).toHaveLength(2)
    const numbered = form({ CallSid: 'CA1', CallStatus: 'in-progress', SequenceNumber: '3' })
    expect((await deliver(provider, [numbered, numbered])).events).toHaveLength(1)
  })

  test('a batch of Event Streams is several events', async () => {
    const item = (id: string) => ({
      specversion: '1.0',
      id,
      type: 'com.twilio.messaging.message.sent',
    })
    const signed = provider.sign!({ topic: 'com.twilio.x', payload: [item('EZ1'), item('EZ2')] })
    const { events, replies } = await deliver(provider, [signed, signed])
    expect(events.map((event) => event.id)).toEqual(['EZ1', 'EZ2'])
    expect(replies[0]!.body).toBeUndefined()
  })
})

test('JSON without bodySHA256, or with two, is not authenticated', async () => {
  const headers = { 'content-type': 'application/json' }
  const signed = provider.sign!({ body: '{"a":1}', headers })
  const bare = provider.sign!({ body: '', headers: { 'content-type': 'text/plain' } })
  const result = await deliver(provider, [
    signed,
    { ...bare, headers: { ...bare.headers, ...headers }, body: '{"a":1}' },
    { ...signed, url: `${signed.url}&bodySHA256=00` },
  ])
  expect(result.statuses).toEqual([200, 401, 401])
})

test('a payload that names its topic is signed as it is', async () => {
  const provider = twilio({ authToken: '12345' })
  const call = { CallSid: 'CA1', CallStatus: 'ringing' }
  const message = { MessageSid: 'SM1', Body: 'hi' }
  const { events } = await deliver(provider, [
    provider.sign!({ topic: 'ringing', payload: call }),
    provider.sign!({ topic: 'message', payload: message }),
    provider.sign!({ topic: 'delivered', payload: message }),
  ])
  expect(events.map(({ payload }) => payload)).toEqual([
    call,
    message,
    { MessageStatus: 'delivered', ...message },
  ])
})
