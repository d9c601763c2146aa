import type { DeliveryInit, Reply } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { expect, test } from 'vitest'
import * as senders from '../src/index.ts'
import { deliver } from './deliver.ts'

const { front, monday, smartsheet } = senders
const url = 'https://example.com/hook'
const challenge = 'bc7fb14b-f4f2-4d4c-9a5c-7c4d1a2b3c4d'
const html = '<b>"quoted"</b> 123'
const asksOkta = { 'x-okta-verification-challenge': html }
const get = (query = '', headers = {}): DeliveryInit => ({
  method: 'GET',
  url: query === '' ? url : `${url}?${query}`,
  headers,
})
const head: DeliveryInit = { method: 'HEAD', url }
const text = (body: string): Partial<Reply> => ({
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  body,
})
const meta = senders.meta({ appSecret: 'app secret', verifyToken: 'token' })
const graph = senders.microsoftGraph({ clientState: 'state-one' })
const [dropbox, nylas, okta, onfleet, trello] = [
  senders.dropbox({ appSecret: 'secret' }),
  senders.nylas({ secret: 'a-secret' }),
  senders.okta({ secret: 'key' }),
  senders.onfleet({ secret: '00ff' }),
  senders.trello({ secret: 'application-1', publicUrl: url }),
]

const answers: readonly (readonly [Provider, DeliveryInit, Partial<Reply>])[] = [
  [dropbox, get(`challenge=${encodeURIComponent(html)}`), text(html)],
  [dropbox, get('challenge='), { status: 403 }],
  [dropbox, get('challenge=a&challenge=b'), { status: 403 }],
  // A challenge that looks like an event is not echoed.
  [dropbox, get(`challenge=${encodeURIComponent('{"list_folder":{}}')}`), { status: 403 }],
  [senders.intercom({ clientSecret: 'secret' }), head, { status: 200 }],
  [senders.mandrill({ webhookKey: 'key' }), head, { status: 200 }],
  [
    meta,
    get('hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=token'),
    text('1158201444'),
  ],
  [meta, get('hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong'), { status: 403 }],
  [meta, get('hub.mode=subscribe&hub.challenge=1'), { status: 403 }],
  [meta, get('hub.mode=subscribe&hub.verify_token=token'), { status: 403 }],
  [
    meta,
    get('hub.mode=subscribe&hub.challenge=1&hub.verify_token=token&hub.verify_token=x'),
    { status: 403 },
  ],
  [
    meta,
    get('hub.mode=subscribe&hub.challenge=1&hub.challenge=2&hub.verify_token=token'),
    { status: 403 },
  ],
  [meta, get('hub.challenge=1&hub.verify_token=token'), { status: 403 }],
  [meta, get(), { status: 403 }],
  [
    senders.meta({ appSecret: 'app secret' }),
    get('hub.mode=subscribe&hub.challenge=1&hub.verify_token='),
    { status: 403 },
  ],
  [graph, { url: `${url}?validationToken=${'a'.repeat(3000)}` }, { status: 403 }],
  [graph, { url: `${url}?validationToken=a&validationToken=b` }, { status: 403 }],
  [nylas, get(`challenge=${challenge}`), { status: 200, body: challenge }],
  [nylas, get(), { status: 403 }],
  [onfleet, get(`check=${challenge}`), { status: 200, body: challenge }],
  [onfleet, get(), { status: 403 }],
  [
    okta,
    get('', asksOkta),
    {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ verification: html }),
    },
  ],
  [okta, get(), { status: 401 }],
  [okta, { url, headers: asksOkta, body: '{}' }, { status: 401 }],
  [trello, head, { status: 200 }],
]

test.each(
  answers.map(([provider, asked, reply]) => {
    const request = `${asked.method ?? 'POST'} ${asked.url.slice(url.length)}`
    return [provider.name, request, reply.status, provider, asked, reply] as const
  }),
)('%s: %s is answered with %i', async (_name, _request, _status, provider, asked, reply) => {
  const { replies, events } = await deliver(provider, [asked])
  expect(replies[0]).toMatchObject(reply)
  if (asked.method === 'HEAD') expect(replies[0]).toEqual(reply)
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
