import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { adyen } from '../src/adyen.ts'
import { deliver, bodyText } from './deliver.ts'

const sign = {
  secrets: [
    '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056',
    'DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00',
  ],
  draft: { topic: 'CAPTURE', id: '7914073381342284:CAPTURE:true', payload: {} },
} as const

const [key, otherKey] = sign.secrets
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
  const { statuses, replies, events } = await deliver(adyen({ hmacKey: key }), [right, wrong])
  expect(statuses).toEqual([200, 401])
  expect(replies[0]!.body).toBe('[accepted]')
  expect(events.map(({ id, topic }) => [id, topic])).toEqual([['8825:CAPTURE:true', 'CAPTURE']])
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

test('a key that is not hex is rejected when the app starts', () => {
  expect(() => adyen({ hmacKey: 'not hex' })).toThrow(/adyen: hmacKey.*hex digits/)
})
