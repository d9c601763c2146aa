import { expect, test } from 'vitest'
import { azureEventGrid } from '../src/azure-event-grid.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

test('CloudEvents: consent and events, both with the secret alone', async () => {
  const provider = azureEventGrid({ secret: 's3cret', header: 'X-Key' })
  const url = 'https://example.com/eg'
  const consent = { 'webhook-request-origin': 'eventgrid.azure.net' }
  const options = { method: 'OPTIONS', url }
  const body = '[{"specversion":"1.0","id":"c1","source":"/s","type":"t"}]'
  const headers = { 'content-type': 'application/cloudevents-batch+json', 'x-key': 's3cret' }
  const { replies, statuses, events } = await deliver(provider, [
    { ...options, headers: { ...consent, 'x-key': 's3cret' } },
    { ...options, headers: consent },
    { url, headers, body },
  ])
  expect(replies[0]).toMatchObject({ headers: { 'webhook-allowed-origin': 'eventgrid.azure.net' } })
  expect(statuses.slice(1)).toEqual([401, 200])
  expect(events.map(({ id }) => id)).toEqual(['c1'])
})

test('a validation with a wrong secret is not answered', async () => {
  const provider = azureEventGrid({ secret: 's3cret' })
  const [validation] = vectors('azure-event-grid').filter(({ handshake }) => handshake)
  const body = Buffer.from(validation!.bodyBase64, 'base64')
  const url = 'https://example.com/eg?code=guess'
  const guessed = { url, headers: validation!.headers, body }
  expect((await deliver(provider, [guessed])).statuses).toEqual([401])
})
