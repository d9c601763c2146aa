import type { Draft } from '@postern/core/scheme'
import { expect, test } from 'vitest'
import { catalogue } from '../src/catalogue.ts'
import { bodyText, deliver } from './deliver.ts'
import { lawsOf } from './signing.ts'

// Checks the topic and the id of each event in a delivery.

const headers = { 'content-type': 'application/x-www-form-urlencoded' }
const json = (value: unknown): Draft => ({ body: JSON.stringify(value) })
const message = { MessageID: 'm', Recipient: 'a@example.com' }
const at = '2024-05-01T12:00:00.000Z'
const changed = (field: string) => ({
  action: 'changed',
  created_at: at,
  resource: { gid: '1', resource_type: 'task' },
  change: { field },
  user: null,
})
const okta = (...uuids: string[]) =>
  json({ data: { events: uuids.map((uuid) => ({ uuid, eventType: 'user.session.start' })) } })
const klaviyo = (...ids: string[]) =>
  json({ data: ids.map((id) => ({ external_id: id, topic: 'event:klaviyo.sent_sms' })) })
const xero = [1, 2].map((day) => ({
  tenantId: 't',
  resourceId: 'r',
  eventType: 'UPDATE',
  eventCategory: 'INVOICE',
  eventDateUtc: `2017-06-2${day}T01:15:39.902`,
}))
const updated = { payload: { data: { accountHolder: { id: 'AH1' } } } }
const topic = 'balancePlatform.transfer.updated'

test.each<[string, string, object, readonly Draft[], readonly string[]]>([
  [
    'adyen-platform',
    'two updates of one resource are two events, one sent again is none',
    {},
    [0, 1000, 0].map((time) => ({ ...updated, topic, at: time })),
    [
      `${topic} AH1:${topic}:1970-01-01T00:00:00.000Z`,
      `${topic} AH1:${topic}:1970-01-01T00:00:01.000Z`,
    ],
  ],
  [
    'asana',
    'a heartbeat is no event, and each event of a batch has an id of its own',
    {},
    [{ body: '{"events":[]}' }, json({ events: [changed('name'), changed('notes')] })],
    [`task.changed 1:changed:name:${at}::`, `task.changed 1:changed:notes:${at}::`],
  ],
  [
    'cal.com',
    'a payload template may leave everything out, and an end without an id has one of its booking',
    {},
    [
      { body: '{"title":"x"}' },
      { body: 'triggerEvent=BOOKING_PAID&uid=1', headers },
      { body: '{"triggerEvent":"MEETING_ENDED","uid":"b1","createdAt":"x"}' },
      { body: '{"triggerEvent":"MEETING_ENDED","uid":"b1","createdAt":"x"}' },
    ],
    ['custom', 'BOOKING_PAID', 'MEETING_ENDED MEETING_ENDED:b1'],
  ],
  [
    'datadog',
    'ids keep their last digit, forms are read, and the template names the fields',
    { topicField: 'transition', idField: 'event.id' },
    [
      { body: '{"transition":"Triggered","event":{"id":7515439124875093421}}' },
      { body: 'transition=Recovered', headers },
      { body: '{}' },
    ],
    ['Triggered 7515439124875093421', 'Recovered', 'event'],
  ],
  [
    'gitlab',
    'a template without a kind has the name of the hook',
    {},
    [{ body: '{}', id: 'd1', headers: { 'x-gitlab-event': 'Merge Request Hook' } }],
    ['merge_request d1'],
  ],
  ['intercom', 'a ping has no id', {}, [{ topic: 'ping', payload: { id: null } }], ['ping']],
  [
    'klaviyo',
    'each event of a batch has its external_id, also in another batch',
    {},
    [klaviyo('e1', 'e2'), klaviyo('e2', 'e3')],
    ['e1', 'e2', 'e3'].map((id) => `event:klaviyo.sent_sms ${id}`),
  ],
  ['line', 'a test of the console has no events', {}, [{ body: '{"events":[]}' }], []],
  [
    'mandrill',
    'sync events have an id without an _id, inbound ones have none',
    {},
    [
      {
        body: new URLSearchParams({
          mandrill_events: JSON.stringify([
            { type: 'blacklist', action: 'add', reject: { email: 'a@example.com' }, ts: 1 },
            { type: 'whitelist', action: 'remove', entry: { email: 'b@example.com' }, ts: 2 },
            { event: 'inbound', ts: 3, msg: {} },
          ]),
        }).toString(),
      },
    ],
    [
      'blacklist.add blacklist:add:a@example.com:1',
      'whitelist.remove whitelist:remove:b@example.com:2',
      'inbound',
    ],
  ],
  [
    'meta',
    'an entry of an unknown shape is an event',
    {},
    [{ body: '{"object":"user","entry":[{"id":"1","uid":"1"}]}' }],
    ['user 47dddc2d98efabf7fbf5fd2ae089a8dd'],
  ],
  [
    'okta',
    'each event of a batch is taken once, also in another batch',
    { header: 'X-Okta-Key' },
    [okta('a', 'b'), okta('b', 'c')],
    ['a', 'b', 'c'].map((id) => `user.session.start ${id}`),
  ],
  [
    'postmark',
    'events without an ID have one of message, type, recipient and time',
    {},
    [
      json({ ...message, RecordType: 'Open', ReceivedAt: 't1' }),
      json({ ...message, RecordType: 'Delivery', DeliveredAt: 't2' }),
      json({ ...message, RecordType: 'SubscriptionChange', ChangedAt: 't3' }),
      json({ MessageID: 'inbound', From: 'b@example.com' }),
    ],
    [
      'Open m:Open:a@example.com:t1',
      'Delivery m:Delivery:a@example.com:t2',
      'SubscriptionChange m:SubscriptionChange:a@example.com:t3',
      'Inbound inbound',
    ],
  ],
  [
    'postmark',
    'a delivery is signed without the ID that a bounce has',
    {},
    [{ topic: 'Bounce' }, { topic: 'Delivery' }],
    ['Bounce 4323372036854775807', 'Delivery'],
  ],
  [
    'slack',
    'a block_suggestion has no id, so that none is a duplicate',
    {},
    [{ topic: 'block_suggestion.search' }, { topic: 'block_suggestion.search' }],
    ['block_suggestion.search', 'block_suggestion.search'],
  ],
  [
    'twitch',
    'a subscription in force was not revoked',
    {},
    [{ id: 'm1', body: '{"subscription":{"type":"stream.online","status":"enabled"}}' }],
    ['stream.online m1'],
  ],
  [
    'x',
    'each item of each list is an event, and ids keep their last digit',
    {},
    [
      {
        body: '{"for_user_id":"1","favorite_events":[{"id":"f1"},{"id":967824267948773378}],"direct_message_events":[{"id_str":"967824267948773377"}]}',
      },
    ],
    [
      'favorite_events f1',
      'favorite_events 967824267948773378',
      'direct_message_events 967824267948773377',
    ],
  ],
  [
    'xero',
    'each event of a batch has an id of its own',
    {},
    [json({ events: xero })],
    [1, 2].map((day) => `INVOICE.UPDATE t:r:UPDATE:2017-06-2${day}T01:15:39.902`),
  ],
])('%s: %s', async (name, _title, options, drafts, got) => {
  const provider = made(name, options)
  const result = await deliver(
    provider,
    drafts.map((draft) => provider.sign!({ at: NOW, ...draft })),
    NOW,
  )
  expect(result.statuses.filter((status) => status >= 300)).toEqual([])
  expect(result.got).toEqual(got)
})

test.each<[string, object, string]>([
  ['datadog', {}, 'x-webhook-secret'],
  ['figma', {}, 'passcode'],
  ['gitlab', { token: 'mysecret' }, 'mysecret'],
  ['mailgun', {}, 'signature'],
  ['microsoft-graph', { clientState: 'state-one' }, 'state-one'],
  ['okta', { header: 'X-Okta-Key' }, 'x-okta-key'],
  ['postmark', {}, 'authorization'],
  ['telegram', { secretToken: 'Abc-123_xyz' }, 'Abc-123_xyz'],
])(
  '%s: neither the event nor what is stored has its credential',
  async (name, options, credential) => {
    const provider = made(name, options)
    const { events } = await deliver(provider, [provider.sign!({ at: NOW })], NOW)
    expect(events).toHaveLength(1)
    const { payload, delivery } = events[0]!
    const kept = JSON.stringify([payload, delivery.url, delivery.headers]) + bodyText(delivery)
    expect(kept).not.toContain(credential)
  },
)

test.each(['telegram', 'xero'])(
  '%s gets a bare 200: what else it read would be run',
  async (name) => {
    const provider = made(name, {})
    const { replies } = await deliver(provider, [provider.sign!({ at: NOW })], NOW)
    expect(replies).toEqual([{ status: 200 }])
  },
)

test('Xero: a wrong intent to receive gets exactly 401', async () => {
  const { sign } = made('xero', { webhookKey: 'key-two' })
  const { replies } = await deliver(made('xero', {}), [sign!({ body: '{"events":[]}' })])
  expect(replies).toMatchObject([{ status: 401 }])
})

const NOW = 1_790_000_000_000

function made(name: string, options: object) {
  const about = catalogue.get(name)!
  const laws = lawsOf(name)
  const secret = laws && { [about.secretOption!]: laws.secrets[0] }
  return about.create({ ...(laws ? laws.options : about.example), ...secret, ...options })
}
