import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createDelivery, type SecretOption } from '../../src/index.ts'
import {
  fixedKeys,
  hmac,
  noAuth,
  provider,
  token,
  type Draft,
  type Factory,
} from '../../src/provider/index.ts'
import { madeOf, remake } from '../../src/basics/index.ts'

interface Options {
  readonly key: SecretOption
  readonly tolerance?: number
  readonly topic?: string
}

const acme: Factory<Options> = provider({
  name: 'acme',
  title: 'Acme',
  docs: 'https://acme.example/webhooks',
  topics: ['thing.made'],
  options: { key: 'The key.', tolerance: 'Seconds. Default 300.', topic: 'The topic.' },
  secret: 'key',
  formats: ['json', 'form'],
  covers: { body: 'bytes', id: true, topic: false },
  retrySpan: 1000,
  scheme: ({ tolerance }) =>
    hmac({ header: 'X-Sig', timestampHeader: 'X-Time', tolerance, message: 'v0:{time}:{body}' }),
  events: (_delivery, { value }, { topic = 'thing.made' }) => [{ topic, payload: value }],
  compose: ({ payload }, { topic = 'thing.made' }) => ({
    body: JSON.stringify({ topic, payload }),
  }),
})

const NOW = 1_760_000_000_000
const clock = (): number => NOW

describe('a factory', () => {
  test('tells what it makes', () => {
    expect(acme.about).toMatchObject({
      name: 'acme',
      title: 'Acme',
      secretOption: 'key',
      formats: ['json', 'form'],
      codings: {},
      charsets: ['utf-8'],
      methods: ['POST'],
      handshakes: [],
      repeats: true,
      retrySpan: 1000,
      canSign: true,
      covers: { body: 'bytes', id: true, topic: false },
    })
    const made = acme.about.create({ key: 'k' })
    expect(made).toMatchObject({ name: 'acme', formats: ['json', 'form'], retrySpan: 1000 })
    expect(made.covers).toEqual({ body: 'bytes', id: true, topic: false, timestamp: true })
  })

  test('gives its functions the options last', () => {
    const made = acme({ key: 'k', topic: 'other' })
    const signed = made.sign!({ at: NOW })
    expect(made.verify(createDelivery(signed), clock)).toMatchObject({ tenant: undefined })
    expect(JSON.parse(Buffer.from(signed.body).toString())).toMatchObject({ topic: 'other' })
    expect(made.events(createDelivery(signed), { kind: 'json', value: 1 })[0]!.topic).toBe('other')
  })

  test('needs options, and knows all of them', () => {
    const loose = acme as (options?: object) => unknown
    expect(() => loose()).toThrow(/^acme: options must be an object, got undefined.*\{ key \}/)
    expect(() => loose({ key: 'k', tolerence: 3 })).toThrow(/tolerence.*did you mean tolerance/)
    expect(() => loose({})).toThrow('acme: key must be a string, got undefined')
  })

  test('rejects secrets that are no texts, without quoting them', () => {
    const odd = [
      Buffer.from('hunter2'),
      new String('hunter2'),
      new Set(['hunter2']),
      new Map([['secret', 'hunter2']]),
      { secret: 'hunter2' },
      { secret: new String('hunter2'), tenant: 'a' },
      [['hunter2']],
      ['hunter2', 7],
      12_345,
      true,
    ]
    for (const key of odd) {
      expect(() => acme({ key: key as never })).toThrow(TypeError)
      expect(() => acme({ key: key as never })).toThrow('acme: key')
      expect(() => acme({ key: key as never })).not.toThrow('hunter2')
      const given = acme({ key: () => key as never })
      const delivery = createDelivery(acme({ key: 'k' }).sign!({ at: NOW }))
      expect(() => given.verify(delivery, clock)).toThrow(
        expect.objectContaining({ code: 'secret_unavailable' }) as Error,
      )
    }
    expect(() => acme({ key: { secret: ['a', 'b'], tenant: 's' } })).not.toThrow()
  })

  test('says that a secret looks like a slip where nothing matches', () => {
    const signed = createDelivery(acme({ key: 'k' }).sign!({ at: NOW }))
    for (const key of [' k', 'k ', '"k"', "'k'"])
      expect(() => acme({ key }).verify(signed, clock)).toThrow(
        expect.objectContaining({ problem: 'odd_secret', header: 'x-sig' }),
      )
    expect(() => acme({ key: 'other' }).verify(signed, clock)).toThrow(
      expect.objectContaining({ problem: 'differs' }),
    )
  })
})

describe('a provider', () => {
  test('can be made again with one option changed', () => {
    const first = acme({ key: 'k', topic: 'one' })
    const again = remake({ ...first }, { topic: 'two' })
    const draft: Draft = { at: NOW }
    expect(again.verify(createDelivery(first.sign!(draft)), clock)).toBeDefined()
    expect(again.events(createDelivery(first.sign!(draft)), { kind: 'json', value: 1 })).toEqual([
      { topic: 'two', payload: 1 },
    ])
    expect(() => remake({ ...again, name: 'x' }, { nothing: 1 })).toThrow('nothing')
    const own = { name: 'own', covers: { body: 'none' }, verify: () => undefined, events: () => [] }
    expect(() => remake(own as never, {})).toThrow(/own was not made by provider\(\)/)
  })

  test('remembers scheme, secret and checks for tools, and prints none of it', () => {
    const first = acme({ key: 'hunter2' })
    const made = madeOf({ ...first })!
    expect(made.secret).toBe('hunter2')
    expect(made.options).toEqual({ key: 'hunter2' })
    const key = made.scheme.key('other')
    const signed = acme({ key: 'other' }).sign!({ at: NOW })
    expect(made.verifyWith([key], createDelivery(signed), clock)).toMatchObject({ key })
    for (const shown of [inspect(first, { depth: 9, showHidden: true }), JSON.stringify(first)])
      expect(shown).not.toContain('hunter2')
  })

  test('tells by the head alone what it misses', () => {
    const made = acme({ key: 'k' })
    const head = (headers: Record<string, string>): void =>
      made.admit!(createDelivery({ url: 'https://example.com/', headers }), clock)
    expect(() => head({})).toThrow(expect.objectContaining({ problem: 'missing', header: 'x-sig' }))
    expect(() => head({ 'x-sig': 'a' })).toThrow(
      expect.objectContaining({ problem: 'missing', header: 'x-time' }),
    )
    expect(() => head({ 'x-sig': 'a', 'x-time': 'b' })).not.toThrow()
    const tokens = provider<{ secret: SecretOption }, string>({
      name: 'tokens',
      options: { secret: 'The token.' },
      scheme: () => token({ header: 'X-Token' }),
      events: () => [],
    })
    const wrong = createDelivery({ url: 'https://example.com/', headers: { 'x-token': 'b' } })
    expect(() => tokens({ secret: 'a' }).admit!(wrong, clock)).toThrow(
      expect.objectContaining({ problem: 'differs', header: 'x-token' }),
    )
    // A secret that is a function may need the body, so it is not called yet.
    expect(() => tokens({ secret: () => 'a' }).admit!(wrong, clock)).not.toThrow()
  })

  test('without authentication must be asked for, and keys can be ready made', () => {
    const open: Factory<{ secret?: SecretOption; unauthenticated?: boolean }> = provider({
      name: 'open',
      options: { secret: 'A token.', unauthenticated: 'Takes all.' },
      scheme: () => token({ header: 'X-Token' }),
      events: () => [],
    })
    expect(() => open({})).toThrow(/secret is missing.*unauthenticated: true/)
    expect(open({ unauthenticated: true })).toMatchObject({
      covers: { body: 'none' },
      unauthenticated: true,
    })
    const fixed = provider<{ keys: readonly string[] }, string>({
      name: 'fixed',
      options: { keys: 'Ready made.' },
      scheme: ({ keys }) => fixedKeys(token({ header: 'X-Token' }), keys),
      events: () => [],
    })({ keys: ['a', 'b'] })
    const carried = createDelivery({ url: 'https://example.com/', headers: { 'x-token': 'b' } })
    expect(fixed.verify(carried, clock)).toMatchObject({ key: 'b' })
    expect(noAuth.verify(carried, [undefined], NOW)).toBe(0)
  })

  test('signs what fetch and Request take', async () => {
    const signed = acme({ key: 'k' }).sign!({ at: NOW })
    const request = new Request(signed.url, signed)
    expect(request.headers.get('x-sig')).toBe(signed.headers['x-sig'])
    expect(new Uint8Array(await request.arrayBuffer())).toEqual(new Uint8Array(signed.body))
  })
})
