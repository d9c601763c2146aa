import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { woocommerce } from '../src/woocommerce.ts'
import { deliver } from './deliver.ts'

test('the activation ping is the one thing taken unsigned', async () => {
  const provider = woocommerce({ secret: 'wc_secret' })
  const form = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' }
  const url = 'https://example.com/woo'
  const { statuses, events } = await deliver(provider, [
    { url, headers: form, body: 'webhook_id=7' },
    { url, headers: { ...form, 'x-wc-webhook-topic': 'order.updated' }, body: 'webhook_id=7' },
    { url, headers: form, body: 'webhook_id=7&status=completed' },
    { url, headers: { 'content-type': 'application/json' }, body: '{"webhook_id":7}' },
  ])
  expect(statuses).toEqual([200, 401, 401, 401])
  expect(events).toEqual([])
})

test('entities of the secret are undone once, as WordPress does', async () => {
  const body = '{"id":1}'
  const plain = `&<>"'&lt;`
  const headers = {
    'content-type': 'application/json',
    'x-wc-webhook-topic': 'order.updated',
    'x-wc-webhook-delivery-id': 'd',
    'x-wc-webhook-signature': createHmac('sha256', plain).update(body).digest('base64'),
  }
  const provider = woocommerce({ secret: '&amp;&lt;&gt;&quot;&#039;&amp;lt;' })
  const { events } = await deliver(provider, [{ url: 'https://example.com/', headers, body }])
  expect(events.map((event) => event.id)).toEqual(['d:order.updated:1'])
})

test('deliveries of one second are kept apart by object, topic and body', async () => {
  const provider = woocommerce({ secret: 'wc_secret' })
  const send = (topic: string, body: string) => provider.sign!({ topic, id: 'd', body })
  const { events } = await deliver(provider, [
    send('order.updated', '{"id":9007199254740993}'),
    send('order.created', '{"id":9007199254740993}'),
    send('action.my_hook', '{"action":"my_hook","arg":1}'),
    send('action.my_hook', '{"action":"my_hook","arg":2}'),
    send('action.my_hook', '{"action":"my_hook","arg":2}'),
  ])
  expect(events[0]!.id).toBe('d:order.updated:9007199254740993')
  expect(new Set(events.map((event) => event.id)).size).toBe(4)
  expect(events).toHaveLength(4)
})
