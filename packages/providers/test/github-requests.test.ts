import { createReceiver } from '@postern/core'
import { expect, test } from 'vitest'
import { github } from '../src/github.ts'
import { deliver } from './deliver.ts'

const provider = github({ secret: 'secret' })

test.each([
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-8',
])('the JSON of a form is the payload: %s', async (type) => {
  const payload = { action: 'opened', issue: { title: 'a&b=c + ☃' } }
  const signed = provider.sign!({
    topic: 'issues.opened',
    id: 'd1',
    headers: { 'content-type': type },
    body: new URLSearchParams({ payload: JSON.stringify(payload) }).toString(),
  })
  const { events } = await deliver(provider, [signed])
  expect(events).toMatchObject([{ id: 'd1', topic: 'issues.opened', payload }])
})

test('a form without its payload, or with half of one, is malformed', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const deliveries = ['other=1', 'payload=%7B', `payload=${'['.repeat(200)}`].map((body) =>
    provider.sign!({ topic: 'push', headers, body }),
  )
  const { statuses, codes } = await deliver(provider, deliveries)
  expect(statuses).toEqual([400, 400, 400])
  expect(codes).toEqual(['malformed_body', 'malformed_body', 'too_deep'])
})

test('integers are kept exact inside a form where the receiver says so', async () => {
  const receiver = createReceiver({ provider, log: false, parsing: { bigIntegers: true } })
  const seen = new Promise((resolve) => {
    receiver.on('push', (event) => resolve(event.payload))
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  await receiver.receive(
    provider.sign!({ topic: 'push', headers, body: 'payload={"id":12345678901234567891}' }),
  )
  expect(await seen).toEqual({ id: 12345678901234567891n })
  await receiver.close()
})

test('an event without X-GitHub-Event is rejected', async () => {
  const signed = provider.sign!({ topic: 'push' })
  const { 'x-github-event': _event, ...headers } = signed.headers
  expect((await deliver(provider, [{ ...signed, headers }])).codes).toEqual(['missing_topic'])
})

test('a body of 20 MB is taken, and one beyond 25 MB is not read', async () => {
  const receiver = createReceiver({ provider, log: false, onUnhandled: 'acknowledge' })
  const body = `{"a":"${'x'.repeat(20_000_000)}"}`
  expect((await receiver.receive(provider.sign!({ topic: 'push', body }))).status).toBe(200)
  const large = provider.sign!({ topic: 'push', body: 'x'.repeat(26 * 1024 * 1024) })
  expect((await receiver.receive(large)).status).toBe(413)
  await receiver.close()
})
