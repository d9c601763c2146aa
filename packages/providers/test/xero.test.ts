import { expect, test } from 'vitest'
import { xero } from '../src/xero.ts'
import { accepting } from './accepting.ts'

test('a wrong intent to receive gets exactly 401, and each event of a batch its own id', async () => {
  const provider = xero({ webhookKey: 'key-one' })
  const { receiver, ids } = accepting(provider)
  const signed = provider.sign!({ body: '{"events":[]}', secret: 'key-two' })
  expect(await receiver.receive(signed)).toMatchObject({ status: 401 })
  const one = { tenantId: 't', resourceId: 'r', eventType: 'UPDATE', eventCategory: 'INVOICE' }
  const events = [1, 2].map((at) => ({ ...one, eventDateUtc: `2017-06-2${at}T01:15:39.902` }))
  const reply = await receiver.receive(provider.sign!({ body: JSON.stringify({ events }) }))
  expect(reply).toEqual({ status: 200 })
  expect(ids).toEqual(['t:r:UPDATE:2017-06-21T01:15:39.902', 't:r:UPDATE:2017-06-22T01:15:39.902'])
})
