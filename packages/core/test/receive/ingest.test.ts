import { describe, expect, test } from 'vitest'
import { jsonReply, type Receiver } from '../../src/index.ts'
import type { Inbox } from '../../src/inbox/index.ts'
import { acme, bareInbox, batches, pinged, setup, throwing, type AcmeSpec } from '../acme.ts'

type Taking = Parameters<Receiver['ingest']>

const listed = (payload: unknown = {}, headers: Record<string, string> = {}): Taking[0] => ({
  url: 'https://example.com/in',
  headers: { 'x-acme-topic': 'ping', ...headers },
  body: JSON.stringify(payload),
})

test('what a sender listed is accepted without a signature, and is a duplicate of its webhook', async () => {
  const { receiver, heard, send } = pinged({ worker: 'onDemand' })
  await send({ id: 'e1' })
  const headers = (id: string) => ({ 'x-acme-id': id })
  expect(await receiver.ingest(listed({}, headers('e1')))).toEqual({
    outcome: 'duplicate',
    accepted: ['duplicate'],
  })
  expect(await receiver.ingest(listed({ a: 1 }, headers('e2')))).toEqual({
    outcome: 'accepted',
    accepted: ['new'],
  })
  expect(await receiver.ingest(listed({}, { 'x-acme-topic': 'other' }))).toEqual({
    outcome: 'unhandled',
    accepted: [],
  })
  expect(heard.all('accepted').map(([event]) => event.id)).toEqual(['e1', 'e2'])
  expect(heard.all('duplicate').map(([event]) => event.id)).toEqual(['e1'])
  const [first] = await receiver.tasks()
  expect(first!.event).toMatchObject({ id: 'e2', tenant: undefined })
})

test('each event of it has its result', async () => {
  const { receiver } = setup({ provider: batches(), worker: 'onDemand' })
  receiver.onAny(() => {})
  const event = (id: string) => ({ topic: 'a', id, payload: 0 })
  await receiver.ingest(listed([event('1')]))
  expect(await receiver.ingest(listed([event('1'), event('2')]))).toEqual({
    outcome: 'accepted',
    accepted: ['duplicate', 'new'],
  })
})

test('its events have the tenant that is given', async () => {
  const { receiver } = pinged({ worker: 'onDemand' })
  const given = listed({}, { 'x-acme-id': 'e1' })
  await receiver.ingest(given)
  expect((await receiver.ingest(given, { tenant: 't1' })).outcome).toBe('accepted')
  expect((await receiver.ingest(given, { tenant: 't1' })).outcome).toBe('duplicate')
  const tasks = await receiver.tasks()
  expect(tasks.map(({ event }) => event.tenant)).toEqual(['t1', undefined])
})

test('nothing is greeted, challenged or answered', async () => {
  const asked: string[] = []
  const provider = acme({
    greet: () => (asked.push('greet'), jsonReply({})),
    handshake: () => (asked.push('handshake'), jsonReply({})),
    reply: () => (asked.push('reply'), jsonReply({})),
  })
  const { receiver, heard } = pinged({ provider, worker: 'onDemand' })
  receiver.answer('ping', () => void asked.push('answer'))
  expect((await receiver.ingest(listed())).outcome).toBe('accepted')
  expect(asked).toEqual([])
  expect(heard.names).toEqual(['accepted'])
})

test('the bounds of what is not verified do not hold for it', async () => {
  const { receiver } = pinged({ limits: { unverified: { nodes: 10 } }, worker: 'onDemand' })
  expect((await receiver.ingest(listed(Array.from({ length: 100 }, () => [])))).outcome).toBe(
    'accepted',
  )
})

test.each<AcmeSpec>([{ formats: ['xml'] }, { formats: ['text'], xml: true }])(
  'XML is read: %o',
  async (spec) => {
    const provider = acme({
      ...spec,
      events: (delivery) => [{ topic: Object.keys(delivery.xml())[0]!, payload: 0 }],
    })
    const { receiver } = pinged({ provider, worker: 'onDemand' })
    const taken = await receiver.ingest({ url: 'https://example.com/in', body: '<ping/>' })
    expect(taken.outcome).toBe('accepted')
  },
)

describe('what cannot be accepted is thrown as it would be answered', () => {
  test.each<[string, () => Taking[0], Inbox?]>([
    ['malformed_body', () => ({ ...listed(), body: '{' })],
    ['missing_topic', () => listed({}, { 'x-acme-topic': '' })],
    ['inbox_unavailable', listed, bareInbox(throwing(new Error('the disk is gone')))],
  ])('%s', async (code, given, inbox) => {
    const { receiver } = pinged(inbox ? { inbox } : {})
    await expect(receiver.ingest(given())).rejects.toMatchObject({ name: 'WebhookError', code })
  })

  test('replay_detected, if a guard belongs to another event', async () => {
    const provider = acme({
      events: (delivery, body) => [
        {
          id: delivery.header('x-acme-id'),
          topic: 'ping',
          payload: body.value,
          guards: [{ key: 't1', otherwise: 'reject' }],
        },
      ],
    })
    const { receiver, heard } = pinged({ provider, worker: 'onDemand' })
    await receiver.ingest(listed({}, { 'x-acme-id': 'e1' }))
    await expect(receiver.ingest(listed({}, { 'x-acme-id': 'e2' }))).rejects.toMatchObject({
      code: 'replay_detected',
    })
    expect(heard.all('accepted')).toHaveLength(1)
  })

  test.each<[string, Record<string, string>, Taking[1]]>([
    ['missing_event_id', {}, { needsId: true }],
    ['malformed_event', { 'x-acme-id': 'e1' }, { id: 'e2' }],
  ])('%s, if the id is not the one that was listed', async (code, headers, options) => {
    const { receiver, heard } = pinged({ worker: 'onDemand' })
    const taken = receiver.ingest(listed({}, headers), options)
    await expect(taken).rejects.toMatchObject({
      code,
      problem: code === 'malformed_event' ? 'other_id' : 'no_id',
    })
    expect(heard.all('accepted')).toEqual([])
    await receiver.ingest(listed({}, { 'x-acme-id': 'e2' }), { needsId: true, id: 'e2' })
    expect(heard.all('accepted')).toHaveLength(1)
  })

  test('closed, by a receiver that was closed', async () => {
    const { receiver } = pinged()
    await receiver.close()
    await expect(receiver.ingest(listed())).rejects.toMatchObject({ code: 'receiver_closed' })
  })
})
