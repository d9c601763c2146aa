import { expect, test } from 'vitest'
import { cloudevents } from '../src/cloudevents.ts'
import { deliver } from './deliver.ts'

const url = 'https://example.com/ce'
const anybody = cloudevents({ unauthenticated: true })

test('binary mode: attributes are percent-decoded, the body is the data', async () => {
  const headers = {
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-id': '1',
    'ce-source': '/s',
    'ce-type': 'com.example',
    'ce-subject': 'Euro%20%E2%82%AC%20%F0%9F%98%80',
  }
  const invalid = { ...headers, 'ce-subject': '%E2%82' }
  const { statuses, events } = await deliver(anybody, [
    { url, headers, body: '{"a":1}' },
    { url, headers: invalid, body: '{}' },
  ])
  expect(statuses).toEqual([200, 400])
  expect(events[0]).toMatchObject({
    id: '/s:1',
    payload: { subject: 'Euro € 😀', datacontenttype: 'application/json', data: { a: 1 } },
  })
})

test('batch mode: all or none', async () => {
  const headers = { 'content-type': 'application/cloudevents-batch+json; charset=UTF-8' }
  const one = { specversion: '1.0', source: '/s', type: 't' }
  const lists = [[{ ...one, id: '1' }, one], ['1', '2'].map((id) => ({ ...one, id })), []]
  const xml = { 'content-type': 'application/cloudevents+xml' }
  const { statuses, got } = await deliver(anybody, [
    ...lists.map((list) => ({ url, headers, body: JSON.stringify(list) })),
    { url, headers: xml, body: '<event/>' },
  ])
  expect(statuses).toEqual([400, 200, 200, 415])
  expect(got).toEqual(['t /s:1', 't /s:2'])
})

test('consent is for allowed origins alone, and a token may be in the query', async () => {
  const provider = cloudevents({ secret: 'bearer-1', allowedOrigins: ['a.example'] })
  const headers = { 'content-type': 'application/cloudevents+json' }
  const body = '{"specversion":"1.0","source":"/s","type":"t","id":"1"}'
  const { replies, statuses, got } = await deliver(provider, [
    ...['A.example', 'b.example'].map((origin) => ({
      method: 'OPTIONS',
      url,
      headers: { 'webhook-request-origin': origin },
    })),
    ...['', '?access_token=bearer-2', '?access_token=bearer-1'].map((query) => ({
      url: url + query,
      headers,
      body,
    })),
  ])
  expect(replies[0]).toMatchObject({ headers: { 'webhook-allowed-origin': 'A.example' } })
  expect(statuses.slice(1)).toEqual([405, 401, 401, 200])
  expect(replies[1]!.headers).not.toHaveProperty('webhook-allowed-origin')
  expect(got).toEqual(['t /s:1'])
})
