import { expect, test } from 'vitest'
import { cloudevents } from '../src/cloudevents.ts'
import { accepting } from './accepting.ts'

const url = 'https://example.com/ce'
const anybody = () => accepting(cloudevents({ unauthenticated: true }))

test('binary mode: attributes are percent-decoded, the body is the data', async () => {
  const { receiver, events } = anybody()
  const headers = {
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-id': '1',
    'ce-source': '/s',
    'ce-type': 'com.example',
    'ce-subject': 'Euro%20%E2%82%AC%20%F0%9F%98%80',
  }
  expect((await receiver.receive({ url, headers, body: '{"a":1}' })).status).toBe(200)
  const invalid = { ...headers, 'ce-subject': '%E2%82' }
  expect((await receiver.receive({ url, headers: invalid, body: '{}' })).status).toBe(400)
  expect((await events())[0]).toMatchObject({
    id: '/s:1',
    payload: { subject: 'Euro € 😀', datacontenttype: 'application/json', data: { a: 1 } },
  })
})

test('batch mode: all or none', async () => {
  const { receiver, ids } = anybody()
  const headers = { 'content-type': 'application/cloudevents-batch+json; charset=UTF-8' }
  const one = { specversion: '1.0', source: '/s', type: 't' }
  const send = (list: object[]) => receiver.receive({ url, headers, body: JSON.stringify(list) })
  expect((await send([{ ...one, id: '1' }, one])).status).toBe(400)
  expect(
    (
      await send([
        { ...one, id: '1' },
        { ...one, id: '2' },
      ])
    ).status,
  ).toBe(200)
  expect((await send([])).status).toBe(200)
  expect(ids).toEqual(['/s:1', '/s:2'])
  const xml = { 'content-type': 'application/cloudevents+xml' }
  expect((await receiver.receive({ url, headers: xml, body: '<event/>' })).status).toBe(415)
})

test('consent is for allowed origins alone, and a token may be in the query', async () => {
  const { receiver, ids } = accepting(
    cloudevents({ secret: 'bearer-1', allowedOrigins: ['a.example'] }),
  )
  const ask = (origin: string) =>
    receiver.receive({ method: 'OPTIONS', url, headers: { 'webhook-request-origin': origin } })
  expect(await ask('A.example')).toMatchObject({
    headers: { 'webhook-allowed-origin': 'A.example' },
  })
  const rejected = await ask('b.example')
  expect(rejected.status).toBe(405)
  expect(rejected.headers).not.toHaveProperty('webhook-allowed-origin')
  const headers = { 'content-type': 'application/cloudevents+json' }
  const body = '{"specversion":"1.0","source":"/s","type":"t","id":"1"}'
  const send = (query: string) => receiver.receive({ url: url + query, headers, body })
  expect((await send('')).status).toBe(401)
  expect((await send('?access_token=bearer-2')).status).toBe(401)
  expect((await send('?access_token=bearer-1')).status).toBe(200)
  expect(ids).toEqual(['/s:1'])
})

test('events from anybody must be asked for', () => {
  expect(() => cloudevents({})).toThrow(/secret is missing.*unauthenticated: true/)
})
