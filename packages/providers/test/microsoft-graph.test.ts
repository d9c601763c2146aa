import { expect, test } from 'vitest'
import { microsoftGraph } from '../src/microsoft-graph.ts'
import { accepting } from './accepting.ts'

test('a wrong or missing clientState gets 202 and nothing is taken, in any element', async () => {
  const provider = microsoftGraph({ clientState: 'state-one' })
  const { receiver, topics } = accepting(provider)
  const send = (value: object[]) =>
    receiver.receive({ url: 'https://example.com/g', body: JSON.stringify({ value }) })
  const item = { changeType: 'updated', resource: 'users/1' }
  expect(await receiver.receive(provider.sign!({ secret: 'state-two' }))).toEqual({ status: 202 })
  expect((await send([{ ...item, clientState: 'state-one' }, item])).status).toBe(202)
  expect(topics).toEqual([])
  const state = { clientState: 'state-one', subscriptionId: 's' }
  const lifecycle = { ...state, lifecycleEvent: 'missed' }
  expect((await send([{ ...item, ...state }, lifecycle])).status).toBe(202)
  expect(topics).toEqual(['updated', 'missed'])
})

test('what is kept holds no clientState', async () => {
  const provider = microsoftGraph({ clientState: 'state-one' })
  const { receiver, events } = accepting(provider)
  await receiver.receive(provider.sign!({}))
  const [event] = await events()
  expect(JSON.stringify(event!.payload)).not.toContain('state-one')
  expect(Buffer.from(event!.delivery.body).toString()).not.toContain('state-one')
})

test('a validation token that is too long or repeated is rejected', async () => {
  const { receiver } = accepting(microsoftGraph({ clientState: 'state-one' }))
  for (const query of [
    `validationToken=${'a'.repeat(3000)}`,
    'validationToken=a&validationToken=b',
  ])
    expect((await receiver.receive({ url: `https://example.com/g?${query}` })).status).toBe(403)
})

test('a validation token beside a notification does not swallow it', async () => {
  const provider = microsoftGraph({ clientState: 'state-one' })
  const { receiver, topics } = accepting(provider)
  const signed = provider.sign!({ topic: '#Microsoft.Graph.Message.created' })
  const { status, body } = await receiver.receive({
    ...signed,
    url: `${signed.url}?validationToken=swallow`,
  })
  expect([status, body]).toEqual([202, undefined])
  expect(topics).toHaveLength(1)
})
