import { expect, test } from 'vitest'
import { editedEvent } from '../../../../src/inbox/engine/operate/view.ts'
import { encodeEvent, decodeEvent, type EventRecord } from '../../../../src/inbox/engine/index.ts'
import type { StoredDelivery } from '../../../../src/inbox/index.ts'

const EVENT: EventRecord = {
  key: ':e1',
  dedupe: true,
  id: 'e1',
  topic: 'order.paid',
  aliases: ['order'],
  payload: { amount: 1 },
  tenant: 't1',
  provider: 'acme',
  source: 'json',
  guards: [{ key: 'g', otherwise: 'reject' }],
}

test('an edited event has its own key and payload, and says which event it was made of', () => {
  const edited = editedEvent(EVENT, { amount: 2 })
  const { key, ...rest } = edited
  expect(rest).toEqual({
    dedupe: false,
    id: 'e1',
    topic: 'order.paid',
    aliases: ['order'],
    payload: { amount: 2 },
    tenant: 't1',
    provider: 'acme',
    origin: ':e1',
  })
  expect(key).not.toBe(editedEvent(EVENT, {}).key)
})

test('its payload is stored, though the delivery beside it has the old one', () => {
  const delivery: StoredDelivery = {
    method: 'POST',
    url: '/',
    headers: [],
    body: Buffer.from('{"amount":1}'),
    receivedAt: 1,
  }
  const stored = encodeEvent(editedEvent(EVENT, { amount: 2 }), delivery)
  expect(decodeEvent(stored, delivery).payload).toEqual({ amount: 2 })
})
