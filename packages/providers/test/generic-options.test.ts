import { createReceiver, WebhookError } from '@postern/core'
import { hmac, token, type Draft } from '@postern/core/scheme'
import { describe, expect, test } from 'vitest'
import { generic, type GenericOptions } from '../src/generic.ts'
import { deliver } from './deliver.ts'

const url = 'https://example.com/hook'
const secret = 'generic-secret'
const json = { 'content-type': 'application/json' }

describe('where id and topic come from', () => {
  const payload = { data: { id: 42 }, event: { name: 'order.paid' } }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const xml = { 'content-type': 'application/xml' }
  const long = ['12345678901234567891', '12345678901234567892']

  test.each<[string, GenericOptions, readonly Draft[], readonly string[]]>([
    [
      'members by their path',
      { eventIdField: 'data.id', topicField: 'event.name' },
      [{ payload }, { payload }],
      ['order.paid 42'],
    ],
    [
      'functions',
      {
        id: (_, body) => String((body.value as { data: { id: bigint } }).data.id),
        topic: () => 'order.paid',
      },
      [{ payload }, { payload }],
      ['order.paid 42'],
    ],
    [
      'one topic for all',
      { eventIdField: 'data.id', topic: 'order.paid' },
      [{ payload }, { payload }],
      ['order.paid 42'],
    ],
    [
      'a header that is missing is not replaced by the body',
      { eventIdHeader: 'X-Id', topicHeader: 'X-Topic' },
      [{ payload: { id: '1', type: 'a' } }],
      ['event'],
    ],
    [
      'XML by the same paths',
      { formats: ['xml'], eventIdField: 'e.id', topicField: 'e.type' },
      [{ body: '<e><id>007</id><type>card.charged</type></e>', headers: xml }],
      ['card.charged 007'],
    ],
    [
      'a form by the same paths',
      { formats: ['form'], eventIdField: 'id' },
      [{ body: 'id=1&type=a.b', headers: form }],
      ['a.b 1'],
    ],
    [
      'a number beyond 2^53 keeps its digits',
      { eventIdField: 'id' },
      long.map((id) => ({ body: `{"id":${id},"type":"a"}` })),
      long.map((id) => `a ${id}`),
    ],
  ])('%s', async (_name, options, drafts, got) => {
    const provider = generic({ secret, scheme: 'bearer', ...options })
    const result = await deliver(
      provider,
      drafts.map((draft) => provider.sign!(draft)),
    )
    expect(result.got).toEqual(got)
  })
})

describe('a body that is not what the options say', () => {
  const hmacOptions = { secret, scheme: 'hmac', header: 'X-Sig' } as const
  const NO_JSON = ['{"id":"1","type":"\\x"}', '"\\x"', 'id=1&type=a', '<id>1</id>', 'id', '\u0000']

  test.each<[string, object]>([
    ["formats: ['json']", { formats: ['json'] }],
    ['eventIdField', { eventIdField: 'id' }],
    ['both', { formats: ['json'], eventIdField: 'id' }],
  ])('bytes that are no JSON are 400 with %s', async (_, options) => {
    const provider = generic({ ...hmacOptions, ...options })
    const label = { 'content-type': 'application/x-www-form-urlencoded' }
    const sent = NO_JSON.flatMap((body) =>
      [{}, label].map((headers) => provider.sign!({ body, headers })),
    )
    const { statuses, codes, events } = await deliver(provider, sent)
    expect(new Set(statuses)).toEqual(new Set([400]))
    expect(new Set(codes)).toEqual(new Set(['malformed_body']))
    expect(events).toEqual([])
  })

  test('among several formats an event without its id is missing_event_id', async () => {
    const provider = generic({ ...hmacOptions, formats: ['json', 'form'], eventIdField: 'id' })
    const sent = ['"\\x"', 'a=1', '{"type":"a"}', '{"id":""}'].map((body) =>
      provider.sign!({ body }),
    )
    expect((await deliver(provider, sent)).codes).toEqual(sent.map(() => 'missing_event_id'))
    const good = ['id=1&type=a', '{"id":2,"type":"a"}'].map((body) => provider.sign!({ body }))
    expect((await deliver(provider, good)).events.map(({ id }) => id)).toEqual(['1', '2'])
  })

  test.each<[string, Parameters<typeof generic>[0], string | undefined, number]>([
    ['the same format', { formats: ['json'], contentType: 'strict' }, 'application/json', 200],
    ['a suffix', { formats: ['json'], contentType: 'strict' }, 'application/cloudevents+json', 200],
    ['no label', { formats: ['json'], contentType: 'strict' }, undefined, 200],
    ['XML', { formats: ['json'], contentType: 'strict' }, 'application/xml', 415],
    [
      'a form',
      { formats: ['json'], contentType: 'strict' },
      'application/x-www-form-urlencoded',
      415,
    ],
    ['text', { formats: ['json'], contentType: 'strict' }, 'text/plain; charset=utf-8', 415],
    ['a form among several', { contentType: 'strict' }, 'application/x-www-form-urlencoded', 415],
    ['JSON among several', { contentType: 'strict' }, 'application/json', 200],
    ['XML, and its label is not read', { formats: ['json'] }, 'application/xml', 200],
  ])('contentType: %s', async (_, options, label, status) => {
    const provider = generic({ ...hmacOptions, ...options })
    const headers: Record<string, string> = label === undefined ? {} : { 'content-type': label }
    const delivery = provider.sign!({ body: '{"id":"1","type":"a"}' })
    const sent = {
      ...delivery,
      headers: { ...without(delivery.headers, 'content-type'), ...headers },
    }
    expect((await deliver(provider, [sent])).statuses).toEqual([status])
  })

  test('parsing.contentType of the receiver wins over contentType of the provider', async () => {
    const provider = generic({ ...hmacOptions, formats: ['json'], contentType: 'strict' })
    const delivery = provider.sign!({ body: '{}', headers: { 'content-type': 'application/xml' } })
    for (const [contentType, status] of [
      ['ignore', 200],
      ['strict', 415],
    ] as const) {
      const receiver = createReceiver({
        provider,
        parsing: { contentType },
        log: false,
        onUnhandled: 'acknowledge',
      })
      expect((await receiver.receive(delivery)).status).toBe(status)
      await receiver.close()
    }
    expect(() => createReceiver({ provider, parsing: { contentType: 'yes' as 'strict' } })).toThrow(
      'parsing.contentType must be one of ignore, strict, got yes',
    )
  })
})

function without(headers: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([each]) => each.toLowerCase() !== name))
}

describe('GET', () => {
  test('carries its payload in the query, and its token is not kept', async () => {
    const provider = generic({
      secret,
      scheme: 'query-token',
      param: 'token',
      eventIdQuery: 'id',
      topicQuery: 'event',
    })
    const delivery = { method: 'GET', url: `${url}?event=order.paid&id=42&total=9&token=${secret}` }
    const { events, statuses } = await deliver(provider, [delivery, delivery])
    expect(statuses).toEqual([200, 200])
    expect(events).toMatchObject([{ id: '42', topic: 'order.paid', payload: { total: '9' } }])
    expect(events[0]!.delivery.url).not.toContain(secret)
  })

  test('is rejected where the signature says nothing of the query', async () => {
    const provider = generic({ secret, scheme: 'hmac', header: 'X-Sig' })
    const empty = provider.sign!({ body: '' })
    const { statuses } = await deliver(provider, [
      { ...empty, method: 'GET', url: `${url}?type=forged` },
    ])
    expect(statuses).toEqual([405])
  })

  test('is taken where a scheme of your own signs the URL', async () => {
    const scheme = hmac({
      header: 'X-Sig',
      message: (delivery) => delivery.url,
      covers: { body: 'none', url: true },
    })
    const provider = generic({ secret, scheme, topicQuery: 'type' })
    const signed = provider.sign!({ method: 'GET', topic: 'a.b' })
    const forged = { ...signed, url: `${signed.url}&more=1` }
    const result = await deliver(provider, [signed, forged])
    expect(result.statuses).toEqual([200, 401])
    expect(result.events).toMatchObject([{ topic: 'a.b' }])
  })
})

test('a rejection inside a function is the reason', async () => {
  const topic = (): string => {
    throw new WebhookError('unknown_sender', 'not one of ours')
  }
  const provider = generic({ secret, scheme: token({ header: 'X-Token' }), topic })
  expect((await deliver(provider, [provider.sign!({})])).codes).toEqual(['unknown_sender'])
})

test('without authentication only where that was said', async () => {
  const provider = generic({ unauthenticated: true, eventIdField: 'id' })
  const delivery = { url, headers: json, body: '{"id":"1","type":"a"}' }
  expect((await deliver(provider, [delivery])).events).toMatchObject([{ id: '1', topic: 'a' }])
  expect(() => generic({})).toThrow(/scheme/)
  expect(() => generic({ scheme: 'bearer' })).toThrow(/secret.*unauthenticated: true/)
  expect(() => generic({ secret, scheme: 'bearer', unauthenticated: true })).toThrow(
    /unauthenticated/,
  )
})

test.each([
  [{ scheme: 'hmac' }, 'header'],
  [{ scheme: 'header-token' }, 'header'],
  [{ scheme: 'query-token' }, 'param'],
  [{ scheme: 'md5' }, 'scheme'],
  [{ scheme: 'hmac', header: 'X', algorithm: 'md5' }, 'algorithm'],
  [{ scheme: 'hmac', header: 'X', encoding: 'base32' }, 'encoding'],
  [{ scheme: 'hmac', header: 'X', keyEncoding: 'hex' }, 'secret'],
  [{ scheme: 'hmac', header: 'X', tolerance: -1 }, 'tolerance'],
  [{ scheme: 'basic' }, 'secret'],
])('bad options are rejected by name: %o', (options, named) => {
  const make = (): unknown => generic({ secret, ...options } as Parameters<typeof generic>[0])
  expect(make).toThrow(TypeError)
  expect(make).toThrow(named)
})
