import { createReceiver, memoryInbox, type Receiver } from '@postern/core'
import { generic } from '@postern/providers/generic'
import type { EventBridgeEvent, SNSEvent, SQSEvent } from 'aws-lambda'
import { expect, test } from 'vitest'
import { runDue, eventBridge, sns, sqs } from '../src/index.ts'

const provider = generic({
  secret: 'a-long-enough-secret',
  scheme: 'hmac',
  header: 'x-signature',
  topicField: 'type',
  eventIdField: 'id',
})

interface Scene {
  readonly receiver: Receiver
  readonly handled: string[]
}

function scene(): Scene {
  const handled: string[] = []
  const receiver = createReceiver({ provider, inbox: memoryInbox(), log: false })
  receiver.onAny((event) => void handled.push(`${event.topic} ${event.id}`))
  return { receiver, handled }
}

function queue(bodies: readonly string[], group?: string): SQSEvent {
  const Records = bodies.map((body, at) => ({
    messageId: `m${at}`,
    body,
    messageAttributes: {},
    attributes: group === undefined ? {} : { MessageGroupId: group },
  }))
  return { Records } as unknown as SQSEvent
}

const event = (id: string): string => JSON.stringify({ id, type: 'paid' })

test('messages of a queue are accepted once, and what failed is returned', async () => {
  const { receiver, handled } = scene()
  const handle = sqs(receiver)
  expect(await handle(queue([event('1'), 'no json', event('2'), event('1')]))).toEqual({
    batchItemFailures: [{ itemIdentifier: 'm1' }],
  })
  await expect.poll(() => handled.toSorted()).toEqual(['paid 1', 'paid 2'])
})

test('of a FIFO queue all later messages of the group are returned too', async () => {
  const { receiver } = scene()
  expect(await sqs(receiver)(queue([event('1'), 'no json', event('2')], 'g'))).toEqual({
    batchItemFailures: [{ itemIdentifier: 'm1' }, { itemIdentifier: 'm2' }],
  })
})

test('a message has the identity that its webhook had, and the journal says who vouched for it', async () => {
  const inbox = memoryInbox()
  const receiver = createReceiver({ provider, inbox, log: false }).onAny(() => {})
  const { headers, body } = provider.sign!({ body: event('1'), url: 'https://a.example/' })
  await receiver.receive({ url: 'https://a.example/', headers, body })
  await sqs(receiver)(queue([event('1'), event('2')]))
  await receiver.close()
  const { rows } = await inbox.journal!.deliveries({ limit: 10 })
  expect(rows.map(({ outcome, verifiedBy, unsigned }) => [outcome, verifiedBy, unsigned])).toEqual([
    ['accepted', 'cloud', undefined],
    ['duplicate', 'cloud', undefined],
    ['accepted', undefined, undefined],
  ])
})

test('SNS and EventBridge call again for what was not accepted', async () => {
  const { receiver, handled } = scene()
  const topic = (Message: string): SNSEvent =>
    ({ Records: [{ Sns: { Message, MessageAttributes: {} } }] }) as unknown as SNSEvent
  await sns(receiver)(topic(event('1')))
  await expect(sns(receiver)(topic('no json'))).rejects.toMatchObject({ code: 'malformed_body' })
  const bus = { detail: { id: '2', type: 'paid' } } as EventBridgeEvent<string, object>
  await eventBridge(receiver)(bus)
  await expect(eventBridge(receiver)({ ...bus, detail: {} })).rejects.toMatchObject({
    code: 'missing_topic',
  })
  await expect.poll(() => handled.toSorted()).toEqual(['paid 1', 'paid 2'])
})

test('runDue ends before the function does', async () => {
  const asked: unknown[] = []
  const receiver = {
    runDue: (options: object) => (asked.push(options), Promise.resolve({ ran: 0 })),
  } as unknown as Receiver
  const cron = runDue(receiver, { leave: '3s', max: 10 })
  await cron({}, { getRemainingTimeInMillis: () => 10_000 })
  await cron({}, { getRemainingTimeInMillis: () => 1000 })
  expect(asked).toEqual([
    { deadline: 7000, max: 10 },
    { deadline: 1, max: 10 },
  ])
})

test.each([
  () => sqs({} as never),
  () => sns(scene().receiver, { scopes: 1 } as never),
  () => runDue(scene().receiver, { leave: 'soon' as never }),
])('%s is a TypeError', (make) => expect(make).toThrow(TypeError))
