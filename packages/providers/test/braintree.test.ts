import { expect, test } from 'vitest'
import { braintree } from '../src/braintree.ts'
import { deliver } from './deliver.ts'

test('only hex digits are signed as a challenge, and they are no notification', async () => {
  const provider = braintree({ privateKey: 'private_key_1', publicKey: 'public_key' })
  const url = 'https://example.com/bt'
  const bt_payload = '20f9f8ed05f77439fe955c977e4c8a53'
  const asked = [bt_payload, 'PG5vdGlmaWNhdGlvbj4KICAg', '20F9F8ED05F77439FE95', 'abc', '']
  const { replies, statuses } = await deliver(
    provider,
    asked.map((challenge) => ({ method: 'GET', url: `${url}?bt_challenge=${challenge}` })),
  )
  expect(statuses.map((status) => status < 400)).toEqual([true, false, false, false, false])
  expect(statuses[0]).toBe(200)
  const bt_signature = String(replies[0]!.body)
  const body = new URLSearchParams({ bt_payload, bt_signature }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answered = await deliver(provider, [{ url, headers, body }])
  expect([answered.statuses, answered.events]).toEqual([[400], []])
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
