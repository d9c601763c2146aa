import { describe, expect, test } from 'vitest'
import { createDelivery } from '../../../src/index.ts'
import {
  basic,
  ecdsa,
  ed25519,
  firstOf,
  fixedKeys,
  hmac,
  jwt,
  noAuth,
  pairs,
  rsa,
  standardWebhooksScheme,
  token,
  type Scheme,
} from '../../../src/provider/index.ts'
import { NOW, request } from './sent.ts'

type Declared = Pick<Scheme<unknown>, 'covers' | 'credentials' | 'needs' | 'head'>

/** What the line reads of a scheme before it verifies: nothing else decides what is admitted, hidden and stored. */
const declared = ({ covers, credentials, needs, head }: Declared): Declared => ({
  covers,
  ...(credentials && { credentials }),
  ...(needs && { needs }),
  ...(head !== undefined && { head }),
})

describe('a scheme declares what it covers, needs and hides', () => {
  const jws = { algorithms: ['ES256'] } as const
  test.each<[string, () => Declared, Declared]>([
    [
      'token in a header',
      () => token({ header: 'X-Token' }),
      {
        covers: { body: 'none' },
        credentials: { headers: ['x-token'] },
        needs: ['x-token'],
        head: true,
      },
    ],
    [
      'token in the query, where case counts',
      () => token({ query: 'Key' }),
      { covers: { body: 'none' }, credentials: { query: ['Key'] }, head: true },
    ],
    [
      'basic, which challenges a sender without a header',
      () => basic(),
      { covers: { body: 'none' }, credentials: { headers: ['authorization'] }, head: true },
    ],
    ['hmac', () => hmac({ header: 'X-Sig' }), { covers: { body: 'bytes' }, needs: ['x-sig'] }],
    [
      'hmac with a time',
      () => hmac({ header: 'X-Sig', timestampHeader: 'X-Time' }),
      { covers: { body: 'bytes', timestamp: true }, needs: ['x-sig', 'x-time'] },
    ],
    [
      'hmac with a reader and without needs',
      () => hmac({ header: 'X-Sig', read: () => ({ signatures: ['a'] }) }),
      { covers: { body: 'bytes' }, needs: [] },
    ],
    [
      'hmac that says what it needs and covers',
      () =>
        hmac({ header: 'X-Sig', needs: ['X-Sig', 'X-Id'], covers: { body: 'none', url: true } }),
      { covers: { body: 'none', url: true }, needs: ['x-sig', 'x-id'] },
    ],
    [
      'pairs',
      () => hmac({ ...pairs({ header: 'X-Sig' }) }),
      { covers: { body: 'bytes', timestamp: true }, needs: ['x-sig'] },
    ],
    [
      'ed25519',
      () => ed25519({ header: 'X-Sig' }),
      { covers: { body: 'bytes' }, needs: ['x-sig'] },
    ],
    ['ecdsa', () => ecdsa({ header: 'X-Sig' }), { covers: { body: 'bytes' }, needs: ['x-sig'] }],
    ['rsa', () => rsa({ header: 'X-Sig' }), { covers: { body: 'bytes' }, needs: ['x-sig'] }],
    [
      'Standard Webhooks',
      () => standardWebhooksScheme(),
      { covers: { body: 'bytes', id: true, timestamp: true } },
    ],
    [
      'jwt',
      () => jwt(jws),
      {
        covers: { body: 'none', timestamp: true },
        credentials: { headers: ['authorization'] },
        needs: ['authorization'],
      },
    ],
    [
      'jwt in its own header, over the body',
      () => jwt({ ...jws, header: 'X-JWT', coversBody: true }),
      {
        covers: { body: 'bytes', timestamp: true },
        credentials: { headers: ['x-jwt'] },
        needs: ['x-jwt'],
      },
    ],
    ['no authentication', () => noAuth, { covers: { body: 'none' } }],
  ])('%s', (_, scheme, expected) => {
    expect(declared(scheme())).toEqual(expected)
  })

  test('the weaker of two, and the credentials of both', () => {
    const all = { body: 'fields', url: true, id: true, timestamp: true } as const
    const scheme = (covers: Scheme<string>['covers'], more: Partial<Scheme<string>> = {}) =>
      ({ ...token({ header: 'x' }), head: false, covers, ...more }) as Scheme<string>
    expect(declared(firstOf(scheme(all), scheme(all)))).toEqual({
      covers: all,
      credentials: { headers: ['x', 'x'], query: [], fields: [] },
      needs: [],
      head: false,
    })
    expect(
      firstOf(scheme({ ...all, body: 'bytes', topic: false }), scheme({ body: 'fields' })).covers,
    ).toEqual({ body: 'fields', url: false, id: false, timestamp: false, topic: false })
    expect(
      firstOf(scheme({ body: 'bytes' }), scheme({ ...all, body: 'bytes', topic: false })).covers,
    ).toEqual({ body: 'bytes', url: false, id: false, timestamp: false, topic: false })
    expect(
      firstOf(
        scheme(all, { credentials: { fields: ['a'], query: ['b'] } }),
        scheme(all, { credentials: { fields: ['c'] } }),
      ).credentials,
    ).toEqual({ headers: [], query: ['b'], fields: ['a', 'c'] })
    expect(firstOf(hmac({ header: 'a' }), hmac({ header: 'b' })).credentials).toEqual({
      headers: [],
      query: [],
      fields: [],
    })
  })

  test('that the head alone decides, if it does so for both of two', () => {
    const [head, body] = [token({ header: 'a' }), hmac({ header: 'b' }) as never]
    expect(firstOf(head, token({ query: 'b' })).head).toBe(true)
    expect(firstOf(head, body).head).toBe(false)
    expect(firstOf<string>(body, head).head).toBe(false)
  })
})

describe('a scheme is present where its credentials are', () => {
  const at = (headers: Record<string, string>, search = '') =>
    createDelivery({ url: `https://example.com/${search}`, headers })

  test.each<[string, () => Scheme<never>, Record<string, string>, string]>([
    ['token in a header', () => token({ header: 'X-Token' }) as never, { 'x-token': '1' }, ''],
    ['token in the query', () => token({ query: 'key' }) as never, {}, '?key=1'],
    ['basic', () => basic() as never, { authorization: 'Basic' }, ''],
    ['hmac', () => hmac({ header: 'X-Sig' }) as never, { 'x-sig': '1' }, ''],
    [
      'Standard Webhooks',
      () => standardWebhooksScheme() as never,
      { 'webhook-signature': '1' },
      '',
    ],
  ])('%s', (_, scheme, headers, search) => {
    expect(scheme().present!(at(headers, search))).toBe(true)
    expect(scheme().present!(at({ 'x-other': '1' }, '?other=1'))).toBe(false)
  })

  test('of two, either', () => {
    const two = firstOf(hmac({ header: 'a' }), hmac({ header: 'b' }))
    expect(two.present!(at({ a: '1' }))).toBe(true)
    expect(two.present!(at({ b: '1' }))).toBe(true)
    expect(two.present!(at({}))).toBe(false)
  })

  test('by a needed header, if the scheme does not say it', () => {
    const bare = (name: string): Scheme<string> => {
      return { ...token({ header: name }), present: undefined } as never
    }
    const two = firstOf(bare('a'), bare('b'))
    expect(two.present!(at({ b: '1' }))).toBe(true)
    expect(two.verify(at({ b: 'k' }), ['k'], NOW)).toBe(0)
    expect(() => two.verify(at({ a: 'x', b: 'k' }), ['k'], NOW)).toThrow(
      expect.objectContaining({ problem: 'differs', header: 'a' }),
    )
    expect(two.present!(at({}))).toBe(false)
    const { needs: _, ...neither } = bare('a')
    expect(firstOf(neither, neither).present!(at({ a: '1' }))).toBe(false)
  })
})

test('the time of two schemes is that of the one that signed', () => {
  const dated = hmac({ header: 'a', timestampHeader: 'x-time' })
  const two = firstOf(dated, hmac({ header: 'b' }))
  const sent = dated.sign!(request(), dated.key('secret'), NOW)
  expect(two.signedTime!(createDelivery(sent))).toBe('1700000000')
  expect(two.signedTime!(createDelivery({ ...request(), headers: { b: '1' } }))).toBeUndefined()
  const plain = firstOf(token({ header: 'a' }), token({ header: 'b' }))
  expect(plain.signedTime!(createDelivery({ ...request(), headers: { a: '1' } }))).toBeUndefined()
})

test('no authentication takes and changes nothing, and fixed keys stand in for secrets', () => {
  expect(noAuth.keys).toEqual([undefined])
  expect(noAuth.key('x')).toBeUndefined()
  expect(noAuth.verify(createDelivery(request()), [undefined], NOW)).toBe(0)
  const sent = request()
  expect(noAuth.sign!(sent, undefined, NOW)).toEqual(sent)
  const plain = token({ header: 'a' })
  expect(fixedKeys(plain, ['k'])).toMatchObject({ keys: ['k'], covers: plain.covers, head: true })
})

test('the first key that matches is told, of several that do', () => {
  const first = ['secret', 'other', 'secret']
  const all = ['other', 'secret', 'secret']
  const plain = token({ header: 'X-Token' })
  expect(plain.verify(createDelivery(plain.sign!(request(), 'secret', NOW)), all, NOW)).toBe(1)
  expect(plain.verify(createDelivery(plain.sign!(request(), 'secret', NOW)), first, NOW)).toBe(0)
  const login = ['a:other', 'a:secret', 'a:secret']
  const sent = basic().sign!(request(), 'a:secret', NOW)
  expect(basic().verify(createDelivery(sent), login, NOW)).toBe(1)
  const logins = first.map((one) => `a:${one}`)
  expect(basic().verify(createDelivery(sent), logins, NOW)).toBe(0)
})

test.each<[string, Partial<Scheme>, Partial<Scheme>]>([
  [
    'hmac in the query, over a message without the body',
    hmac({ query: 'sig', message: '{time}', timestampHeader: 'X-Time', prefix: 'v1=' }),
    {
      words: 'HMAC-SHA256 of {time}, hex; the body is not signed',
      place: { query: 'sig' },
      forms: ['prefix v1='],
    },
  ],
  [
    'ed25519',
    ed25519({ header: 'X-Sig', encoding: 'base64' }),
    { words: 'Ed25519 of {body}, base64', place: { header: 'X-Sig' }, forms: [] },
  ],
  [
    'Standard Webhooks with keys in other forms, and lists',
    standardWebhooksScheme({ keys: ['decoded', 'text'], list: (list) => list }),
    { place: { header: 'webhook-signature' }, forms: ['key text', 'list of signatures'] },
  ],
  [
    'jwt with a shared secret, over the body',
    jwt({ algorithms: ['HS256'], header: 'X-Jwt', bodyHash: { claim: 'b' } }),
    {
      words: 'JWT (HS256) with the SHA-256 of {body}, hex',
      place: { header: 'X-Jwt' },
      signatures: ['x-jwt'],
    },
  ],
  [
    'jwt with a public key, over the body',
    jwt({ algorithms: ['ES256'], header: 'X-Jwt', coversBody: true }),
    { signatures: ['x-jwt'] },
  ],
])('what people are told of %s', (_, scheme, told) => {
  expect(scheme).toMatchObject(told)
})

test('of two schemes, headers and signatures of both count', () => {
  const both = firstOf(
    hmac({ header: 'Authorization' }),
    hmac({ header: 'X-Sig', read: () => ({ signatures: [] }), needs: [] }),
  )
  expect(both.signatures).toEqual(['authorization'])
  expect(both.anywhere).toBe(true)
  const reads = both.reads as (delivery: unknown) => readonly string[]
  expect(reads(createDelivery(request()))).toEqual(
    expect.arrayContaining(['authorization', 'x-sig']),
  )
  const plain = firstOf(hmac({ header: 'X-A' }), hmac({ header: 'X-B' }))
  expect(plain).not.toHaveProperty('anywhere')
})
