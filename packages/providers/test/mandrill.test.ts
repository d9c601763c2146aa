import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { mandrill } from '../src/mandrill.ts'
import { deliver } from './deliver.ts'

const sign = {
  secrets: ['TEST_WEBHOOK_KEY', 'another key'],
  draft: { topic: 'click', id: 'abc:click:1365109999', payload: {} },
} as const

const webhookKey = sign.secrets[0]

test('an unsigned HEAD gets 200; the public test key signs an empty batch and no event', async () => {
  const provider = mandrill({ webhookKey: [webhookKey, 'test-webhook'] })
  const empty = provider.sign!({ secret: 'test-webhook', body: 'mandrill_events=%5B%5D' })
  const event = provider.sign!({ secret: 'test-webhook' })
  const head = { method: 'HEAD', url: 'https://example.com/webhooks' }
  const { statuses, events } = await deliver(provider, [head, empty, event])
  expect(statuses).toEqual([200, 200, 401])
  expect(events).toEqual([])
})

test('the URL is signed as it was entered, and with a field of their own in order', async () => {
  const publicUrl = 'https://user:pass@example.com/hooks?a=1'
  const provider = mandrill({ webhookKey, publicUrl })
  const body = new URLSearchParams({ z: 'last', mandrill_events: '[]', a: 'first' }).toString()
  const text = `${publicUrl}afirstmandrill_events[]zlast`
  const signature = createHmac('sha1', webhookKey).update(text).digest('base64')
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-mandrill-signature': signature,
  }
  const url = 'http://10.0.0.1/hooks?a=1'
  expect((await deliver(provider, [{ url, headers, body }])).statuses).toEqual([200])
  expect((await deliver(mandrill({ webhookKey }), [{ url, headers, body }])).statuses).toEqual([
    401,
  ])
})

test('sync events are told apart without an _id, inbound ones have no id', async () => {
  const provider = mandrill({ webhookKey })
  const batch = [
    { type: 'blacklist', action: 'add', reject: { email: 'a@example.com' }, ts: 1 },
    { type: 'whitelist', action: 'remove', entry: { email: 'b@example.com' }, ts: 2 },
    { event: 'inbound', ts: 3, msg: {} },
  ]
  const form = new URLSearchParams({ mandrill_events: JSON.stringify(batch) })
  const { events } = await deliver(provider, [provider.sign!({ body: form.toString() })])
  expect(events.map(({ id, topic }) => [id, topic])).toEqual([
    ['blacklist:add:a@example.com:1', 'blacklist.add'],
    ['whitelist:remove:b@example.com:2', 'whitelist.remove'],
    [undefined, 'inbound'],
  ])
})
