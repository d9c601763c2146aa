import { expect, test } from 'vitest'
import { azureEventGrid } from '../src/azure-event-grid.ts'
import { accepting } from './accepting.ts'
import { vectors } from './vectors.ts'

test('CloudEvents: consent and events, both with the secret alone', async () => {
  const { receiver, ids } = accepting(azureEventGrid({ secret: 's3cret', header: 'X-Key' }))
  const url = 'https://example.com/eg'
  const consent = { 'webhook-request-origin': 'eventgrid.azure.net' }
  const options = { method: 'OPTIONS', url }
  const asked = await receiver.receive({ ...options, headers: { ...consent, 'x-key': 's3cret' } })
  expect(asked).toMatchObject({ headers: { 'webhook-allowed-origin': 'eventgrid.azure.net' } })
  expect((await receiver.receive({ ...options, headers: consent })).status).toBe(401)
  const body = '[{"specversion":"1.0","id":"c1","source":"/s","type":"t"}]'
  const headers = { 'content-type': 'application/cloudevents-batch+json', 'x-key': 's3cret' }
  expect((await receiver.receive({ url, headers, body })).status).toBe(200)
  expect(ids).toEqual(['c1'])
})

test('a validation with a wrong secret is not answered', async () => {
  const { receiver } = accepting(azureEventGrid({ secret: 's3cret' }))
  const [validation] = vectors('azure-event-grid').filter(({ handshake }) => handshake)
  const body = Buffer.from(validation!.bodyBase64, 'base64')
  const url = 'https://example.com/eg?code=guess'
  expect((await receiver.receive({ url, headers: validation!.headers, body })).status).toBe(401)
})
