import { expect, test } from 'vitest'
import { braintree } from '../src/braintree.ts'
import { accepting } from './accepting.ts'
import { deliver } from './deliver.ts'

test('only hex digits are signed as a challenge, and they are no notification', async () => {
  const provider = braintree({ privateKey: 'private_key_1', publicKey: 'public_key' })
  const { receiver, topics } = accepting(provider)
  const url = 'https://example.com/bt'
  const get = (challenge: string) =>
    receiver.receive({ method: 'GET', url: `${url}?bt_challenge=${challenge}` })
  for (const challenge of ['PG5vdGlmaWNhdGlvbj4KICAg', '20F9F8ED05F77439FE95', 'abc', ''])
    expect((await get(challenge)).status).toBeGreaterThanOrEqual(400)
  const bt_payload = '20f9f8ed05f77439fe955c977e4c8a53'
  const answered = await get(bt_payload)
  expect(answered.status).toBe(200)
  const body = new URLSearchParams({ bt_payload, bt_signature: String(answered.body) }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  expect((await receiver.receive({ url, headers, body })).status).toBe(400)
  expect(topics).toEqual([])
})

test('the public key is needed', () => {
  expect(() => braintree({ privateKey: 'a', publicKey: '' })).toThrow('publicKey')
})

test('the payload is signed as elements of the notification', async () => {
  const provider = braintree({ privateKey: 'private_key_1', publicKey: 'public_key' })
  const subject = { dispute: { id: 'a&b', amount: 10, evidence: ['<1>', '2'], reason: null } }
  const payload = { timestamp: 'then', kind: 'check', subject }
  const { events } = await deliver(provider, [
    provider.sign!({ topic: 'dispute_opened', payload, at: 0 }),
  ])
  expect(events).toMatchObject([
    {
      topic: 'dispute_opened',
      payload: {
        timestamp: { '#text': '1970-01-01T00:00:00Z' },
        subject: { dispute: { id: 'a&b', amount: '10', evidence: ['<1>', '2'], reason: '' } },
      },
    },
  ])
})
