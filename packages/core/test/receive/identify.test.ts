import { describe, expect, test } from 'vitest'
import { memoryInbox, type ReceiverOptions } from '../../src/index.ts'
import type { EventRecord } from '../../src/inbox/engine/index.ts'
import { token, type Draft, type EventDraft } from '../../src/provider/index.ts'
import { acme, batches, codeOf, setup, throwing, type AcmeSpec } from '../acme.ts'

async function stored(
  spec: AcmeSpec,
  draft: Draft,
  options: Partial<ReceiverOptions> = {},
): Promise<readonly EventRecord[]> {
  const inbox = memoryInbox()
  const { receiver, send } = setup({ provider: acme(spec), inbox, worker: 'onDemand', ...options })
  receiver.onAny(() => {})
  expect((await send(draft)).status).toBe(200)
  const tasks = (await receiver.tasks()).toReversed()
  return Promise.all(tasks.map(async ({ id }) => (await inbox.view!.get(id))!.record))
}

const part = (_: unknown, { value }: { value: unknown }): EventDraft[] => [
  { topic: 'ping', payload: (value as { part: unknown }).part },
]

test('an event has these members, and no others unless they are needed', async () => {
  const [event] = await stored({ events: part }, { payload: { part: { a: 1 } } })
  expect(event).toEqual({
    key: expect.stringMatching(/^~/) as string,
    dedupe: false,
    id: undefined,
    topic: 'ping',
    aliases: [],
    payload: { a: 1 },
    tenant: undefined,
    provider: 'acme',
  })
  expect(Object.keys(event!)).toHaveLength(8)
})

describe('a payload that is the whole body need not be stored beside it', () => {
  test.each<[string, EventRecord['source'], AcmeSpec, Draft, Partial<ReceiverOptions>?]>([
    ['JSON', 'json', {}, { payload: { a: 1 } }],
    [
      'JSON with exact integers',
      'exact',
      {},
      { payload: { a: 1 } },
      { parsing: { bigIntegers: true } },
    ],
    [
      'JSON without the credential that it could have',
      'json',
      { credentials: { fields: ['token'] } },
      { payload: { a: 1 } },
    ],
    [
      'JSON with a credential',
      undefined,
      { credentials: { fields: ['token'] } },
      { payload: { a: 1, token: 'hunter2' } },
    ],
    ['a part of JSON', undefined, { events: part }, { payload: { part: { a: 1 } } }],
    ['a form', undefined, { formats: ['form'] }, { body: 'a=1' }],
    ['an empty body', undefined, {}, { body: '' }],
  ])('%s: %s', async (_, source, spec, draft, options) => {
    const [event] = await stored(spec, draft, options)
    expect(event!.source).toBe(source)
  })
})

describe('an event says whether its delivery carried others', () => {
  test.each<[string, object[], (true | undefined)[]]>([
    ['one of one in a list', [{ topic: 'a', payload: 0 }], [true]],
    [
      'two',
      [
        { topic: 'a', payload: 0 },
        { topic: 'b', payload: 0 },
      ],
      [true, true],
    ],
  ])('%s', async (_, payload, expected) => {
    const events = await stored({}, { payload }, { provider: batches() })
    expect(events.map(({ batch }) => batch)).toEqual(expected)
  })

  test('two of a body that is no list', async () => {
    const twice = (): EventDraft[] => ['a', 'b'].map((topic) => ({ topic, payload: 0 }))
    const events = await stored({ events: twice }, { payload: {} })
    expect(events.map(({ topic, batch }) => [topic, batch])).toEqual([
      ['a', true],
      ['b', true],
    ])
  })

  test('a list that is one payload', async () => {
    expect((await stored({}, { payload: [1, 2] }))[0]).not.toHaveProperty('batch')
  })
})

describe('credentials are removed from a payload', () => {
  test('of a query by the names of parameters', async () => {
    const [event] = await stored(
      {
        methods: ['GET'],
        formats: ['query'],
        scheme: token({ query: 'key' }) as never,
        credentials: { query: ['key'], fields: ['a'] },
      },
      { method: 'GET', url: 'https://example.com/in?a=1', body: '', topic: 'ping' },
    )
    expect(event!.payload).toEqual({ a: '1' })
  })

  test('of a body by the names of fields', async () => {
    const [event] = await stored(
      { credentials: { query: ['a'], fields: ['token', 'b.c', 'b.d'] } },
      { payload: { a: '1', token: 'hunter2', b: { c: 'hunter2', d: 'hunter2', e: 1 } } },
    )
    expect(event!.payload).toEqual({ a: '1', b: { e: 1 } })
  })

  test.each([[['token']], 'token', null])('and not from %j', async (payload) => {
    const spec: AcmeSpec = { credentials: { fields: ['0', 'token'] } }
    expect((await stored(spec, { payload }))[0]!.payload).toEqual(payload)
  })
})

test('the carrier of an observer is stored with the event', async () => {
  const carrier = { traceparent: 'made by the observer' }
  const observers = [{ carrier: () => carrier }]
  expect((await stored({}, {}, { observers }))[0]).toMatchObject({ carrier })
})

describe('a delivery whose events cannot be read is rejected by what is wrong with them', () => {
  test.each<[string, string, unknown]>([
    ['no topic', 'missing_topic', [{ payload: 0 }]],
    ['a topic that is a number', 'malformed_event', [{ topic: 7, payload: 0 }]],
    ['an empty topic', 'missing_topic', [{ topic: '', payload: 0 }]],
    ['a topic that is too long', 'malformed_event', [{ topic: 't'.repeat(1025), payload: 0 }]],
    ['an id that is a number', 'malformed_event', [{ topic: 'a', id: 7, payload: 0 }]],
    ['an id that is null', 'malformed_event', [{ topic: 'a', id: null, payload: 0 }]],
    ['an empty id', 'missing_event_id', [{ topic: 'a', id: '', payload: 0 }]],
    [
      'one event of two',
      'malformed_event',
      [
        { topic: 'a', payload: 0 },
        { topic: 7, payload: 0 },
      ],
    ],
  ])('%s: %s', async (_, code, payload) => {
    const { receiver, heard, send } = setup({ provider: batches() })
    receiver.onAny(() => {})
    expect(codeOf(await send({ payload }))).toBe(code)
    expect(heard.all('accepted')).toEqual([])
  })

  test('a topic of 1024 characters is taken', async () => {
    const { send } = setup()
    expect((await send({ topic: 't'.repeat(1024) })).status).toBe(200)
  })

  /** Returns the error that V8 throws for a member of undefined or null. */
  const missing = (value: unknown): unknown => {
    try {
      return (value as { a: unknown }).a
    } catch (error) {
      return error
    }
  }

  test.each<[string, unknown, RegExp]>([
    ['an error', new RangeError('hunter2'), /RangeError/],
    ['a string', 'hunter2', /string/],
    ['an error that quotes a value', new Error("Error: (reading 'hunter2')"), /Error/],
    [
      'an error that goes on',
      new Error("Cannot read properties of undefined (reading 'a'): hunter2"),
      /Error/,
    ],
    [
      'an error that begins before',
      new Error("hunter2 Cannot read properties of undefined (reading 'a')"),
      /Error/,
    ],
    ['a missing member of null', missing(null), /'a'/],
    ['a missing member of undefined', missing(undefined), /'a'/],
  ])('if the provider throws %s, which is not quoted', async (_, thrown, says) => {
    const provider = acme({
      events: throwing(thrown),
    })
    const { heard, send } = setup({ provider })
    expect(codeOf(await send())).toBe('malformed_event')
    const [, { message, expected, cause }] = heard.all('rejected')[0]!
    expect(cause).toBe(thrown)
    expect(expected).toMatch(says)
    expect(message).not.toContain('hunter2')
  })
})

describe("with onUnhandled: 'reject'", () => {
  test('a delivery of which one event is handled is taken', async () => {
    const { receiver, heard, send } = setup({
      provider: batches(),
      onUnhandled: 'reject',
      worker: 'onDemand',
    })
    receiver.on('a', () => {})
    const other = { topic: 'b', id: '2', payload: 0 }
    expect((await send({ payload: [{ topic: 'a', id: '1', payload: 0 }, other] })).status).toBe(200)
    expect(heard.all('unhandled')).toMatchObject([[{ topic: 'b' }, 'rejected', {}]])
    expect((await send({ payload: [other] })).status).toBe(404)
  })

  test('a topic that has another answer than this one is unhandled', async () => {
    const { receiver, send } = setup({ onUnhandled: 'reject' })
    receiver.answer('pong', () => 'x')
    expect((await send()).status).toBe(404)
  })
})
