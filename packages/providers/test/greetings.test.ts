import { expect, test } from 'vitest'
import { front, monday, nylas, onfleet, smartsheet } from '../src/index.ts'
import { deliver } from './deliver.ts'

const url = 'https://example.com/hook'
const challenge = 'bc7fb14b-f4f2-4d4c-9a5c-7c4d1a2b3c4d'

test.each([
  ['nylas', nylas({ secret: 'a-secret' }), 'challenge'],
  ['onfleet', onfleet({ secret: '00ff' }), 'check'],
] as const)('%s gets its challenge of the query back', async (_name, provider, name) => {
  const asked = { method: 'GET', url: `${url}?${name}=${challenge}`, headers: {} }
  const { replies, events } = await deliver(provider, [asked, { ...asked, url }])
  expect([replies[0]!.status, String(replies[0]!.body)]).toEqual([200, challenge])
  expect(replies[1]!.status).toBeGreaterThanOrEqual(400)
  expect(events).toEqual([])
})

test('smartsheet gets its challenge of the header back; beside a signature it is none', async () => {
  const provider = smartsheet({ secret: 'a-secret' })
  const headers = { 'smartsheet-hook-challenge': challenge }
  const body = JSON.stringify({ challenge, webhookId: 1 })
  const asked = { method: 'POST', url, headers, body }
  const forged = { ...asked, headers: { ...headers, 'smartsheet-hmac-sha256': 'aa' } }
  const { replies, events } = await deliver(provider, [asked, forged])
  expect(replies[0]!.headers?.['smartsheet-hook-response']).toBe(challenge)
  expect(replies.map(({ status }) => status)).toEqual([200, 401])
  expect(events).toEqual([])
})

test('monday.com gets its challenge of the body back, and an event is none', async () => {
  const provider = monday({ signingSecret: 'a-secret' })
  const asked = { method: 'POST', url, headers: {}, body: JSON.stringify({ challenge }) }
  const event = { ...asked, body: JSON.stringify({ challenge, event: { type: 'create_pulse' } }) }
  const { replies, events } = await deliver(provider, [asked, event])
  expect([replies[0]!.status, JSON.parse(String(replies[0]!.body))]).toEqual([200, { challenge }])
  expect(replies[1]!.status).toBe(401)
  expect(events).toEqual([])
})

test('front gets its signed challenge back; an event with the header is an event, by its own id', async () => {
  const provider = front({ secret: 'a-secret' })
  const at = 1_790_000_000_000
  const asked = provider.sign!({ body: '{"type":"sync","authorization":{"id":"cmp_1"}}', at })
  const event = provider.sign!({
    body: '{"type":"inbound_received","authorization":{"id":"cmp_1"},"payload":{"id":"evt_1"}}',
    at,
  })
  const [sync, beside] = [asked, event].map((signed) => ({
    ...signed,
    headers: { ...signed.headers, 'x-front-challenge': challenge },
  }))
  const forged = { ...sync!, headers: { ...sync!.headers, 'x-front-signature': 'bm9uZQ==' } }
  const { replies, events } = await deliver(provider, [sync!, beside!, forged], at)
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 401])
  expect(JSON.parse(String(replies[0]!.body))).toEqual({ challenge })
  expect(events.map(({ id, topic }) => [id, topic])).toEqual([['evt_1', 'inbound_received']])
})
