import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  createDelivery,
  type DeliveryInit,
  type ErrorDetails,
  type WebhookError,
} from '../../../src/index.ts'
import {
  basic,
  ecdsa,
  ed25519,
  hmac,
  jwt,
  pairs,
  rsa,
  standardWebhooksScheme,
  token,
  type Scheme,
} from '../../../src/provider/index.ts'
import { factsOf } from '../../../src/basics/index.ts'
import { NOW, request, withHeader } from './sent.ts'

/** Returns the details of a rejection that observers get. */
function told<Key>(
  scheme: Scheme<Key>,
  secrets: string | readonly string[],
  sent: DeliveryInit,
  now: number = NOW,
): ErrorDetails | undefined {
  const keys = [secrets].flat().map((secret) => scheme.key(secret))
  try {
    void scheme.verify(createDelivery(sent), keys, now)
  } catch (error) {
    const { digest } = error as WebhookError
    return { ...factsOf(error as WebhookError), ...(digest !== undefined && { digest }) }
  }
  return undefined
}

const header = (name: string, value: string | readonly string[] | undefined): DeliveryInit =>
  withHeader(request(), name, value)
const digestOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 16)
const digest = digestOf('{"a":1}')
const EMPTY = digestOf('')
const BODY = { bytes: 7, digest }
const fact = (
  problem: ErrorDetails['problem'],
  header: string,
  more: Partial<ErrorDetails> | string = {},
): ErrorDetails => ({
  problem,
  header,
  ...(typeof more === 'string' ? { expected: more } : more),
})
const differs = (header: string, more: Partial<ErrorDetails> = {}): ErrorDetails =>
  fact('differs', header, { got: 1, ...more })

describe('a rejection tells observers what was wrong, in facts', () => {
  const plain = () => hmac({ header: 'X-Sig' })
  const prefixed = () => hmac({ header: 'X-Sig', prefix: 'v0=' })
  const dated = () => hmac({ header: 'X-Sig', timestampHeader: 'X-Time' })
  const key = () => token({ header: 'X-Key' })
  const bearer = () => token({ header: 'Authorization', scheme: 'Bearer' })
  const query = () => token({ query: 'key' })
  const member = () => token({ field: 'auth.key' })
  const HS256 = { algorithms: ['HS256'], header: 'X-Jwt' } as const
  const TOKEN = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.e30.AA`
  const at = (search: string): DeliveryInit => ({
    ...request(),
    url: `https://example.com/${search}`,
  })
  const bears = (value: string): DeliveryInit => header('authorization', value)
  const unlike = (problem: ErrorDetails['problem'], expected: string): ErrorDetails =>
    fact(problem, 'authorization', expected)

  test.each<[string, () => unknown, DeliveryInit, ErrorDetails]>([
    ['nothing', plain, request(), fact('missing', 'x-sig')],
    ['blanks', plain, header('x-sig', ' '), fact('blank', 'x-sig')],
    ['two lines', plain, header('x-sig', ['a', 'b']), fact('repeated', 'x-sig', { got: 2 })],
    ['two values', plain, header('x-sig', 'a,b'), fact('several', 'x-sig', '<one signature>')],
    ['no prefix', prefixed, header('x-sig', 'ab'), fact('wrong_prefix', 'x-sig', 'v0=')],
    [
      'a prefix alone',
      prefixed,
      header('x-sig', 'v0='),
      fact('malformed', 'x-sig', 'v0=<one signature>'),
    ],
    ['another signature', plain, header('x-sig', 'ab'), differs('x-sig', BODY)],
    [
      'no body',
      plain,
      { ...header('x-sig', 'ab'), body: new Uint8Array() },
      differs('x-sig', { bytes: 0, digest: EMPTY }),
    ],
    ['a time without a signature', dated, header('x-time', '1700000000'), fact('missing', 'x-sig')],
    ['no time', dated, header('x-sig', 'ab'), fact('missing', 'x-time')],
    ['another token', key, header('x-key', 'ab'), differs('x-key')],
    ['no Bearer', bearer, bears('token'), unlike('wrong_prefix', 'Bearer')],
    ['a blank before Bearer', bearer, bears(' secret'), unlike('wrong_prefix', 'Bearer')],
    ['two tokens', bearer, bears('Bearer a b'), unlike('several', 'Bearer <one token>')],
    ['Bearer alone', bearer, bears('Bearer '), unlike('malformed', 'Bearer <one token>')],
    ['no parameter', query, at(''), { problem: 'missing', parameter: 'key' }],
    [
      'two parameters',
      query,
      at('?key=a&key=b'),
      { problem: 'repeated', parameter: 'key', got: 2 },
    ],
    ['a blank parameter', query, at('?key='), { problem: 'blank', parameter: 'key' }],
    [
      'another signature in the query',
      () => hmac({ query: 'sig' }),
      at('?sig=ab'),
      { problem: 'differs', parameter: 'sig', got: 1, ...BODY },
    ],
    ['no member', member, request(), { problem: 'missing', field: 'auth.key' }],
    [
      'another member',
      member,
      request('{"auth":{"key":"a"}}'),
      { problem: 'differs', field: 'auth.key', got: 1 },
    ],
    [
      'another token with a shared secret',
      () => jwt({ ...HS256 }),
      header('x-jwt', TOKEN),
      differs('x-jwt'),
    ],
    [
      'another token with a shared secret, over body and URL',
      () => jwt({ ...HS256, bodyHash: { claim: 'b' }, url: ({ url }) => url }),
      header('x-jwt', TOKEN),
      differs('x-jwt', { ...BODY, url: 'https://example.com/hook?…' }),
    ],
    ['another parameter', query, at('?key=a'), { problem: 'differs', parameter: 'key', got: 1 }],
  ])('%s', (_, scheme, sent, expected) => {
    expect(told(scheme() as Scheme<unknown>, 'secret', sent)).toEqual(expected)
  })

  test('and people by the digest of the body', () => {
    const sent = createDelivery(header('x-sig', 'ab'))
    expect(() => plain().verify(sent, [Buffer.from('secret')], NOW)).toThrow(digest)
  })

  test('how many secrets were tried', () => {
    expect(told(key(), ['a', 'b'], header('x-key', 'c'))).toEqual(differs('x-key', { got: 2 }))
  })

  test.each([
    ['https://user:pass@example.com/a/b?token=1#x', 'https://example.com/a/b?…'],
    ['/a/b', '/a/b'],
    [`https://example.com/${'a'.repeat(300)}`, `https://example.com/${'a'.repeat(180)}`],
  ])('the URL that was signed, without credentials, query and length: %s', (url, shown) => {
    const signed = { header: 'x-sig', message: '{url}{body}', url: () => url }
    expect(told(hmac(signed), 'secret', header('x-sig', 'ab'))).toEqual(
      differs('x-sig', { ...BODY, url: shown }),
    )
    const alone = { ...signed, message: '{url}', covers: { body: 'none', url: true } } as const
    expect(told(hmac(alone), 'secret', header('x-sig', 'ab'))).toEqual(
      differs('x-sig', { url: shown }),
    )
  })

  test('credentials that were expected', () => {
    const basics = basic()
    for (const value of ['Bearer abc', 'Basic ?', `Basic ${btoa('no colon')}`, 'a Basic YTpi'])
      expect(told(basics, 'a:b', header('authorization', value))).toEqual(
        fact('malformed', 'authorization', 'Basic and base64 of user:password'),
      )
    expect(told(basics, 'a:b', header('authorization', `Basic ${btoa('a:c')}`))).toEqual(
      differs('authorization'),
    )
    expect(() => basics.verify(createDelivery(request()), [basics.key('a:b')], NOW)).toThrow(
      expect.objectContaining({
        headers: { 'www-authenticate': 'Basic realm="webhooks", charset="UTF-8"' },
      }),
    )
  })

  test('how a signed time is written', () => {
    const stamped = (unit: 's' | 'ms' | 'iso', value: string): ErrorDetails | undefined => {
      const scheme = hmac({ header: 'x-sig', timestampHeader: 'x-time', timestampUnit: unit })
      const sent = { ...request(), headers: { 'x-sig': 'ab', 'x-time': value } }
      return told(scheme, 'secret', sent)
    }
    expect(stamped('s', 'a')).toEqual(fact('not_a_time', 'x-time', 'a unix time in seconds'))
    expect(stamped('ms', 'a')).toEqual(fact('not_a_time', 'x-time', 'a unix time in milliseconds'))
    for (const value of [
      'a',
      '2025-13-01T00:00:00Z',
      'a2025-01-01T00:00:00Z',
      '2025-01-01T00:00:00Z1',
    ])
      expect(stamped('iso', value)).toEqual(
        fact('not_a_time', 'x-time', 'a date and time such as 2026-01-31T08:00:00Z'),
      )
  })

  test('how old a signature is, and how old it may be', () => {
    const scheme = hmac({
      header: 'x-sig',
      timestampHeader: 'x-time',
      tolerance: 60,
      ahead: 5,
    })
    const sent = scheme.sign!(request(), scheme.key('secret'), NOW)
    expect(told(scheme, 'secret', sent, NOW + 61_400)).toEqual({
      problem: 'too_old',
      seconds: 61,
      limit: 60,
    })
    expect(told(scheme, 'secret', sent, NOW - 6000)).toEqual({
      problem: 'too_early',
      seconds: 6,
      limit: 5,
    })
    expect(told(scheme, 'secret', sent, NOW - 5000)).toBeUndefined()
  })

  test('the grammar of pairs', () => {
    const grammar = (value: string, most?: number): ErrorDetails | undefined =>
      told(
        hmac({ ...pairs({ header: 'x-sig', ...(most !== undefined && { most }) }) }),
        'secret',
        header('x-sig', value),
      )
    const expected = 't= once and v1= at least once, joined by ,'
    const malformed = fact('malformed', 'x-sig', { expected })
    const several = { ...malformed, problem: 'several' }
    for (const value of ['t=1', 'v1=a', '!t=1,v1=a', 't=1,v1=a b', 't=1;v1=a', ',t=1,v1=a'])
      expect(grammar(value)).toEqual(malformed)
    expect(grammar('t=1,t=2,v1=a')).toEqual(several)
    expect(grammar(`t=1${',v1=a'.repeat(21)}`)).toEqual(several)
    expect(grammar(`t=1${',v1=a'.repeat(20)}`)).toMatchObject({ problem: 'differs' })
    expect(grammar('t=1, v1=a,v0=b')).toMatchObject({ problem: 'differs' })
    expect(grammar('t=1,v1=a,v1=b', 1)).toEqual({
      ...several,
      expected: 't= once and v1= once, joined by ,',
    })
    expect(grammar('t=1,v1=a', 1)).toMatchObject({ problem: 'differs' })
  })

  test('the grammar of Standard Webhooks', () => {
    const scheme = standardWebhooksScheme()
    const secret = `whsec_${btoa('a secret of tests')}`
    const sent = scheme.sign!(request(), scheme.key(secret), NOW)
    const value = sent.headers['webhook-signature']!
    const of = (text: string): ErrorDetails | undefined =>
      told(scheme, secret, withHeader(sent, 'webhook-signature', text))
    expect(of(`${value},${value}`)).toEqual(
      fact('several', 'webhook-signature', 'v1,<base64> or v1a,<base64>, with spaces between them'),
    )
    for (const text of ['v1', 'v1x', 'v1,', ',abc', 'v2,abc'])
      expect(of(text)).toEqual(
        fact('malformed', 'webhook-signature', 'a list of v1,<base64> or v1a,<base64>'),
      )
    expect(of('v1,a '.repeat(21).trim())).toEqual(
      fact('too_many', 'webhook-signature', { limit: 20, expected: 'signatures' }),
    )
    expect(of(`${'v1,a '.repeat(11)}${'v1a,a '.repeat(10).trim()}`)).toEqual(
      fact('too_many', 'webhook-signature', { limit: 20, expected: 'signatures' }),
    )
    expect(of(`${'v1,a '.repeat(19)}${value}`)).toBeUndefined()
    expect(told(scheme, secret, withHeader(sent, 'svix-id', 'a'))).toBeUndefined()
    expect(told(scheme, secret, withHeader(sent, 'webhook-timestamp', 'now'))).toEqual(
      fact('not_a_time', 'webhook-timestamp', 'a unix time in seconds'),
    )
    expect(of('v1,a')).toEqual(differs('webhook-signature', BODY))
    for (const [id, body] of [
      ['msg.1700000000', '{}'],
      ['msg.17000000001', '{}'],
      ['msg', '1700000000.{}'],
      ['msg', '17000000001.{}'],
    ] as const)
      expect(
        told(scheme, secret, {
          ...sent,
          headers: { ...sent.headers, 'webhook-id': id },
          body: Buffer.from(body),
        }),
      ).toEqual(fact('ambiguous', 'webhook-id'))
    for (const [id, body] of [
      ['msg.1700000000a', '{}'],
      ['msg.170000000', '{}'],
      ['msg', 'a1700000000.{}'],
      ['msg', '170000000.{}'],
    ] as const) {
      const named = { ...request(body), headers: { 'webhook-id': id } }
      expect(told(scheme, secret, scheme.sign!(named, scheme.key(secret), NOW))).toBeUndefined()
    }
    const svix = { ...request(), headers: { 'svix-id': 'a' } }
    expect(told(scheme, secret, svix)).toEqual({
      problem: 'other_sender',
      header: 'webhook-id',
      got: 'svix-id',
      remedy: 'use svix({ secret })',
    })
    const public32 = `whpk_${Buffer.alloc(32, 1).toString('base64')}`
    expect(
      told(scheme, [public32, public32, public32], {
        ...sent,
        headers: { ...sent.headers, 'webhook-signature': 'v1a,a v1a,b v1a,c' },
      }),
    ).toEqual(fact('too_many', 'webhook-signature', { limit: 2, expected: 'v1a signatures' }))
    expect(
      told(scheme, [public32, public32], {
        ...sent,
        headers: { ...sent.headers, 'webhook-signature': 'v1a,a v1a,b v1a,c v1a,d' },
      }),
    ).toMatchObject({ problem: 'differs', got: 2 })
  })
})

describe('a key that is none is rejected with what was expected', () => {
  const standard = () => standardWebhooksScheme()
  test.each<[string, () => Scheme<unknown>, string, string]>([
    [
      'hex',
      () => hmac({ header: 'a', keyEncoding: 'hex' }),
      'abc',
      'the secret must be an even number of hex digits',
    ],
    [
      'base64',
      () => hmac({ header: 'a', keyEncoding: 'base64' }),
      '?',
      'the secret must be padded base64',
    ],
    [
      'nothing in hex',
      () => hmac({ header: 'a', keyEncoding: 'hex' }),
      '',
      'the secret must be an even number of hex digits',
    ],
    ['basic', () => basic(), 'user', 'Basic credentials must be user:password'],
    [
      'Ed25519, hex',
      () => ed25519({ header: 'a' }),
      'ab',
      'the key must be an Ed25519 public key: 32 bytes in hex (64 digits)',
    ],
    [
      'Ed25519, base64',
      () => ed25519({ header: 'a', encoding: 'base64' }),
      'ab',
      'the key must be an Ed25519 public key: 32 bytes in base64',
    ],
    [
      'ECDSA',
      () => ecdsa({ header: 'a', curve: 'P-384' }),
      'ab',
      'the key must be an ECDSA key on curve P-384, as PEM or as base64 of its SPKI form',
    ],
    [
      'RSA',
      () => rsa({ header: 'a' }),
      'ab',
      'the key must be an RSA key of at least 1024 bits, as PEM (public key or certificate) or as base64 of its SPKI form',
    ],
    [
      'Standard Webhooks',
      standard,
      'whsec_?',
      'the secret must be whsec_ and base64; use raw: true if the sender signs with the secret as it is',
    ],
    [
      'nothing in Standard Webhooks',
      standard,
      'whsec_',
      'the secret must be whsec_ and base64; use raw: true if the sender signs with the secret as it is',
    ],
    [
      'a public key of Standard Webhooks',
      standard,
      'whpk_AAAA',
      'a whpk_ key must hold 32 bytes, got 3',
    ],
    [
      'a private key of Standard Webhooks',
      standard,
      'whsk_AAAA',
      'a whsk_ key must hold 32 or 64 bytes, got 3',
    ],
  ])('%s', (_, scheme, secret, expected) => {
    expect(() => scheme().key(secret)).toThrow(new TypeError(expected))
  })
})
