import { type SecretOption } from '@postern/core'
import { hmac, provider, type Provider, type Scheme } from '@postern/core/scheme'
import { describe, expect, test } from 'vitest'
import { testProvider, type ProviderUnderTest, type Vector } from '../src/index.ts'

// The suite is useful only if wrong providers fail it. These tests give it wrong providers.

type Change = (scheme: Scheme<Uint8Array>) => Scheme<Uint8Array>
const right = hmac({ header: 'X-Signature', timestampHeader: 'X-Time' })
const names = {
  accepted: 'is accepted, with the topic and the id of the draft',
  covered: 'is rejected after any change of what the signature covers',
  character: 'is rejected after any change of a character of the signature',
  rotation: 'is accepted while its secret is one of two in force, in either order',
}

function factory(change: Change = (scheme) => scheme): (options: object) => Provider {
  const made = provider<{ secret: SecretOption }, Uint8Array>({
    name: 'acme',
    options: { secret: 'The shared secret.' },
    scheme: () => change(right),
    events: (delivery, { value }) => [
      {
        id: delivery.header('x-id'),
        topic: (value as { type?: string } | undefined)?.type ?? '',
        payload: value,
      },
    ],
    compose: ({ id, topic, payload }) => ({
      headers: { 'x-id': id ?? 'none' },
      body: JSON.stringify({ type: topic, ...(payload as object) }),
    }),
  })
  return (options) => made.about.create(options)
}

async function failures(under: Partial<ProviderUnderTest>): Promise<readonly string[]> {
  const found: string[] = []
  const pending: { name: string; body: () => void | Promise<void> }[] = []
  testProvider(
    { name: 'acme', create: factory(), secretOption: 'secret', ...under },
    { describe: (_name, body) => body(), test: (name, body) => pending.push({ name, body }) },
  )
  for (const { name, body } of pending) {
    try {
      await body()
    } catch {
      found.push(name)
    }
  }
  return found
}

const sign = { secrets: ['one', 'two'], draft: { topic: 'a.b', id: '1', payload: {} } } as const

describe('the laws of signing', () => {
  test('hold for a provider that is right', async () => {
    expect(await failures({ sign })).toEqual([])
  })

  const wrong: Record<string, { change: Change; broken: readonly string[] }> = {
    'takes everything': {
      change: (scheme) => ({ ...scheme, verify: () => 0 }),
      broken: [names.covered, names.character, names.rotation],
    },
    'looks at the first secret alone': {
      change: (scheme) => ({
        ...scheme,
        verify: (d, keys, now) => scheme.verify(d, [keys[0]!], now),
      }),
      broken: [names.rotation],
    },
    'takes a signature in capitals': {
      change: () => hmac({ header: 'X-Signature', timestampHeader: 'X-Time', anyCase: true }),
      broken: [names.character],
    },
    'says it covers a time that is not signed': {
      change: () =>
        hmac({ header: 'X-Signature', timestampHeader: 'X-Time', message: (d) => d.body }),
      broken: [names.covered],
    },
    'signs only the first bytes': {
      change: () =>
        hmac({
          header: 'X-Signature',
          timestampHeader: 'X-Time',
          message: (d, time) => [`${time}.`, d.body.subarray(0, 4)],
        }),
      broken: [names.covered],
    },
    'rejects everything': {
      change: (scheme) => ({ ...scheme, verify: (d, _keys, now) => scheme.verify(d, [], now) }),
      broken: [
        names.accepted,
        names.rotation,
        'means the same whatever media type, boundary and charset are declared',
        'is rejected with a query that was added, or means the same',
      ],
    },
  }
  test.each(Object.entries(wrong))('fail for one that %s', async (_name, { change, broken }) => {
    expect(await failures({ create: factory(change), sign })).toEqual(broken)
  })
})

describe('known answers', () => {
  const signed = factory()({ secret: 'one' }).sign!({
    topic: 'a.b',
    id: '1',
    at: 1_700_000_000_000,
  })
  const vector: Vector = {
    name: 'v',
    method: 'POST',
    url: signed.url,
    headers: signed.headers,
    bodyBase64: Buffer.from(signed.body).toString('base64'),
    secret: 'one',
    now: 1_700_000_000,
    expect: 'valid',
    eventId: '1',
    topic: 'a.b',
  }
  const invalid = { expect: 'invalid', eventId: null, topic: null } as const
  const both = ['v: receive', 'v: fetch']

  test.each<[string, Partial<Vector>]>([
    ['id and topic', {}],
    ['a wider topic', { topic: 'a' }],
    ['lists', { eventId: ['1'], topic: [null] }],
    [
      'a rejection with its reason',
      { ...invalid, now: 1_800_000_000, reason: 'timestamp_too_old' },
    ],
    ['a rejection by the factory', { ...invalid, secret: '' }],
    [
      'a reply',
      {
        ...invalid,
        secret: 'two',
        reply: {
          status: [401, 403],
          headers: { 'content-type': 'application/problem+json; charset=x' },
        },
      },
    ],
    ['a signature that is right over no event', { verifyOnly: true, eventId: null, topic: null }],
  ])('hold: %s', async (_name, change) => {
    expect(await failures({ vectors: [{ ...vector, ...change }], reasons: true })).toEqual([])
  })

  test.each<[string, Partial<Vector>]>([
    ['another id', { eventId: '2' }],
    ['a topic that only begins alike', { topic: 'a.' }],
    ['more events', { eventId: ['1', '2'] }],
    ['no event', { eventId: [] }],
    ['valid, but rejected', { secret: 'two' }],
    ['invalid, but taken', invalid],
    ['another reason', { ...invalid, secret: 'two', reason: 'missing_header' }],
    ['another status', { ...invalid, secret: 'two', reply: { status: 403 } }],
    ['another body', { reply: { status: 200, body: 'pong' } }],
    ['verifyOnly, but rejected', { verifyOnly: true, secret: 'two' }],
    ['a valid one whose key the factory rejects', { secret: '' }],
  ])('fail: %s', async (_name, change) => {
    expect(await failures({ vectors: [{ ...vector, ...change }], reasons: true })).toEqual(both)
  })

  test('fail: a handshake that gives an event', async () => {
    expect(await failures({ vectors: [{ ...vector, handshake: true }], reasons: true })).toEqual([
      ...both,
      'v: makes no event in any form',
    ])
  })

  test('a request that no Request can carry goes through receive alone', async () => {
    const url = 'https://user:password@example.com/webhooks'
    expect(await failures({ vectors: [{ ...vector, url, eventId: '2' }] })).toEqual(['v: receive'])
  })
})
