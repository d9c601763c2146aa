import { describe, expect, test } from 'vitest'
import { createDelivery, WebhookError, type ErrorCode } from '../../../src/index.ts'
import { hmacAlgorithm, signatureScheme } from '../../../src/basics/index.ts'
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

/**
 * Returns what a receiver reads of a scheme before it verifies. Only this decides what is admitted, hidden and stored.
 */
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
      'hmac of which one message lacks the body',
      () => hmac({ header: 'X-Sig', message: ['{body}', '{method}'] }),
      { covers: { body: 'none' }, needs: ['x-sig'] },
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

  test('where a reader finds something, even if it is malformed', () => {
    const read = (code: ErrorCode) => () => {
      throw new WebhookError(code, 'the text of a message')
    }
    const scheme = (code: ErrorCode) => hmac({ header: 'X-Sig', read: read(code) })
    expect(scheme('malformed_header').present!(at({}))).toBe(true)
    expect(scheme('missing_header').present!(at({}))).toBe(false)
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

test.each([
  [
    'basic',
    () => basic() as never,
    {
      words: 'Basic; nothing is signed',
      place: { header: 'Authorization' },
      reads: ['authorization'],
    },
  ],
  ...(
    [
      [{ header: 'X-Token' }, 'token of a header', { header: 'X-Token' }],
      [{ header: 'X-Token', scheme: 'Bearer' }, 'bearer token', { header: 'X-Token' }],
      [{ query: 'key' }, 'token in the query', { query: 'key' }],
      [{ field: 'auth.key' }, 'token in the body', { field: 'auth.key' }],
    ] as const
  ).map(([options, words, place]) => [
    words,
    () => token(options),
    { words: `${words}; nothing is signed`, place },
  ]),
  [
    'hmac',
    () => hmac({ header: 'Authorization', timestampHeader: 'X-Time', tolerance: 60 }),
    {
      words: 'HMAC-SHA256 of {time}.{body}, hex',
      place: { header: 'Authorization' },
      tolerance: 60,
      credentials: { headers: ['authorization'] },
      signatures: ['authorization'],
    },
  ],
  [
    'hmac with the same key in another form',
    () => hmac({ header: 'X-Sig', keyEncoding: ['base64', 'utf8'] }),
    { words: 'HMAC-SHA256 of {body}, hex, key in base64 or utf8', forms: ['key in base64'] },
  ],
  [
    'hmac with two messages',
    () => hmac({ header: 'X-Sig', message: ['{body}', '{lower:query:id}{body}'] }),
    { words: 'HMAC-SHA256 of {body} or {lower:query:id}{body}, hex', forms: ['lower case'] },
  ],
  [
    'hmac with a message that no words describe',
    () => hmac({ header: 'X-Sig', message: () => '' }),
    { words: undefined },
  ],
  [
    'an algorithm without a name',
    () => signatureScheme(hmacAlgorithm(), { header: 'X-Sig' }),
    { words: undefined },
  ],
  [
    'rsa',
    () => rsa({ header: 'X-Sig' }),
    { words: 'RSA-SHA256 of {body}, base64', place: { header: 'X-Sig' } },
  ],
  [
    'rsa with the padding PSS',
    () => rsa({ header: 'X-Sig', padding: 'pss', hash: 'sha512', encoding: 'hex' }),
    { words: 'RSA-PSS-SHA512 of {body}, hex' },
  ],
  [
    'ecdsa',
    () => ecdsa({ header: 'X-Sig', curve: 'P-384' }),
    { words: 'ECDSA P-384 of {body}, base64' },
  ],
  [
    'hmac in the query, over a message without the body',
    () => hmac({ query: 'sig', message: '{time}', timestampHeader: 'X-Time', prefix: 'v1=' }),
    {
      words: 'HMAC-SHA256 of {time}, hex; the body is not signed',
      place: { query: 'sig' },
      reads: ['x-time'],
      forms: ['prefix v1='],
    },
  ],
  [
    'ed25519',
    () => ed25519({ header: 'X-Sig', encoding: 'base64' }),
    { words: 'Ed25519 of {body}, base64', place: { header: 'X-Sig' }, forms: [] },
  ],
  [
    'Standard Webhooks with keys in other forms, and lists',
    () => standardWebhooksScheme({ keys: ['decoded', 'text'], list: (list) => list }),
    {
      words: 'HMAC-SHA256 of {id}.{time}.{body}, base64',
      place: { header: 'webhook-signature' },
      tolerance: 300,
      forms: ['key text', 'list of signatures'],
    },
  ],
  [
    'Standard Webhooks in headers of other names',
    () => standardWebhooksScheme({ headers: { id: 'A', timestamp: 'B', signature: 'C' } }),
    {
      place: { header: 'C' },
      forms: [],
      reads: ['a', 'b', 'c', 'svix-id', 'svix-timestamp', 'svix-signature'],
    },
  ],
  [
    'jwt with a shared secret',
    () => jwt({ algorithms: ['HS256', 'HS512'] }),
    {
      words: 'JWT (HS256, HS512); the body is not signed',
      place: { header: 'Authorization' },
      covers: { body: 'none', timestamp: true },
      credentials: { headers: ['authorization'] },
    },
  ],
  [
    'jwt with a shared secret, over the body',
    () => jwt({ algorithms: ['HS256'], header: 'X-Jwt', bodyHash: { claim: 'b' } }),
    {
      words: 'JWT (HS256) with the SHA-256 of {body}, hex',
      place: { header: 'X-Jwt' },
      covers: { body: 'bytes', timestamp: true },
      credentials: { headers: ['x-jwt'] },
      signatures: ['x-jwt'],
      needs: ['x-jwt'],
    },
  ],
  [
    'jwt with a shared secret, over the body in base64',
    () => jwt({ algorithms: ['HS256'], bodyHash: { claim: 'b', encoding: 'base64' } }),
    { words: 'JWT (HS256) with the SHA-256 of {body}, base64' },
  ],
  [
    'jwt with a public key, over the body',
    () => jwt({ algorithms: ['ES256'], header: 'X-Jwt', bodyHash: { claim: 'b' } }) as never,
    { covers: { body: 'bytes', timestamp: true }, signatures: ['x-jwt'] },
  ],
] as [string, () => Partial<Scheme>, Partial<Scheme>][])(
  'what people are told of %s',
  (_, scheme, told) => {
    expect(scheme()).toMatchObject(told)
  },
)

test('a token grants access, unless it stands alone in a header and binds the body', () => {
  expect(jwt({ algorithms: ['HS256'], header: 'X-Jwt' })).not.toHaveProperty('signatures')
  expect(jwt({ algorithms: ['ES256'], header: 'X-Jwt' })).not.toHaveProperty('signatures')
  const bodyHash = { claim: 'b' }
  expect(jwt({ algorithms: ['HS256'], bodyHash })).not.toHaveProperty('signatures')
  expect(jwt({ algorithms: ['ES256'], bodyHash })).not.toHaveProperty('signatures')
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
  expect(plain.signatures).toEqual([])
  const read = () => ({ signatures: [] })
  expect(hmac({ header: 'X-A', read, present: () => true })).not.toHaveProperty('anywhere')
  expect(plain).not.toHaveProperty('anywhere')
})
