import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { mandrill } from '../src/mandrill.ts'
import { deliver } from './deliver.ts'

const webhookKey = 'TEST_WEBHOOK_KEY'

test('the public test key signs an empty batch and no event', async () => {
  const provider = mandrill({ webhookKey: [webhookKey, 'test-webhook'] })
  const empty = provider.sign!({ secret: 'test-webhook', body: 'mandrill_events=%5B%5D' })
  const event = provider.sign!({ secret: 'test-webhook' })
  const { statuses, events } = await deliver(provider, [empty, event])
  expect(statuses).toEqual([200, 401])
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
