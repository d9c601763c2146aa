import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { adyen } from '../src/adyen.ts'
import { bodyText, deliver } from './deliver.ts'
import { lawsOf } from './signing.ts'

const [key, otherKey] = lawsOf('adyen')!.secrets
const url = 'https://example.com/webhooks'

test('an HTTP POST form is read as the item it stands for', async () => {
  const signed = '8825:7914:TestMerchant:ref:1130:EUR:CAPTURE:true'
  const form = new URLSearchParams({
    'additionalData.hmacSignature': createHmac('sha256', Buffer.from(key, 'hex'))
      .update(signed)
      .digest('base64'),
    pspReference: '8825',
    originalReference: '7914',
    merchantAccountCode: 'TestMerchant',
    merchantReference: 'ref',
    value: '1130',
    currency: 'EUR',
    eventCode: 'CAPTURE',
    success: 'true',
    live: 'false',
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const right = { url, headers, body: form.toString() }
  const wrong = { url, headers, body: form.toString().replace('1130', '1131') }
  const { statuses, replies, events, got } = await deliver(adyen({ hmacKey: key }), [right, wrong])
  expect(statuses).toEqual([200, 401])
  expect(replies[0]!.body).toBe('[accepted]')
  expect(got).toEqual(['CAPTURE 8825:CAPTURE:true'])
  expect(events[0]!.payload).toMatchObject({ live: 'false', amount: { value: '1130' } })
})

test('a delivery without items is not signed, whatever else it says', async () => {
  const bodies = ['{"notificationItems":[]}', '{"live":"true"}', '[]', 'null']
  const headers = { 'content-type': 'application/json' }
  const { codes } = await deliver(
    adyen({ hmacKey: key }),
    bodies.map((body) => ({ url, headers, body })),
  )
  expect(codes).toEqual(bodies.map(() => 'missing_header'))
})

test('one tenant cannot put an item of its own into a batch of another', async () => {
  const provider = adyen({
    hmacKey: [
      { secret: key, tenant: 'a' },
      { secret: otherKey, tenant: 'b' },
    ],
  })
  const [first, second] = [key, otherKey].map((secret, at) => {
    const signed = provider.sign!({ secret, id: `psp${at}:CAPTURE:true`, topic: 'CAPTURE' })
    return (JSON.parse(bodyText(signed)) as { notificationItems: unknown[] }).notificationItems[0]
  })
  const headers = { 'content-type': 'application/json' }
  const both = { url, headers, body: JSON.stringify({ notificationItems: [first, second] }) }
  const { statuses, events } = await deliver(provider, [both])
  expect(statuses).toEqual([401])
  expect(events).toEqual([])
})
