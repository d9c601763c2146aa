import { expect, test } from 'vitest'
import { microsoftGraph } from '../src/microsoft-graph.ts'
import { deliver } from './deliver.ts'

const provider = microsoftGraph({ clientState: 'state-one' })

test('a wrong or missing clientState gets 202 and nothing is taken, in any element', async () => {
  const item = { changeType: 'updated', resource: 'users/1' }
  const state = { clientState: 'state-one', subscriptionId: 's' }
  const lists = [
    [{ ...item, clientState: 'state-one' }, item],
    [
      { ...item, ...state },
      { ...state, lifecycleEvent: 'missed' },
    ],
  ]
  const [wrong, right] = lists.map((value) => ({
    url: 'https://example.com/g',
    body: JSON.stringify({ value }),
  }))
  const none = await deliver(provider, [provider.sign!({ secret: 'state-two' }), wrong!])
  expect([none.replies[0], none.statuses[1], none.events]).toEqual([{ status: 202 }, 202, []])
  const { statuses, events } = await deliver(provider, [right!])
  expect(statuses).toEqual([202])
  expect(events.map(({ topic }) => topic)).toEqual(['updated', 'missed'])
})

test('a validation token beside a notification does not swallow it', async () => {
  const signed = provider.sign!({ topic: '#Microsoft.Graph.Message.created' })
  const { replies, events } = await deliver(provider, [
    { ...signed, url: `${signed.url}?validationToken=swallow` },
  ])
  expect([replies[0]!.status, replies[0]!.body]).toEqual([202, undefined])
  expect(events).toHaveLength(1)
})
