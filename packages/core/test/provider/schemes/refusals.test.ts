import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createDelivery, type DeliveryInit } from '../../../src/index.ts'
import {
  basic,
  ecdsa,
  ed25519,
  hmac,
  pairs,
  rsa,
  standardWebhooksScheme,
  token,
  type Scheme,
} from '../../../src/provider/index.ts'
import { NOW, request, withHeader } from './sent.ts'

/** The reason of a refusal, as the log has it. */
function reason<Key>(
  scheme: Scheme<Key>,
  secrets: string | readonly string[],
  sent: DeliveryInit,
  now: number = NOW,
): string {
  const keys = [secrets].flat().map((secret) => scheme.key(secret))
  try {
    void scheme.verify(createDelivery(sent), keys, now)
  } catch (error) {
    return (error as Error).message
  }
  return 'taken'
}

const header = (name: string, value: string | readonly string[] | undefined): DeliveryInit =>
  withHeader(request(), name, () => value)
const digest = createHash('sha256').update('{"a":1}').digest('hex').slice(0, 16)
const BODY = `a body of 7 bytes (SHA-256 ${digest}…)`
const CHANGED = 'another secret, or a body that was changed on its way'

describe('a refusal tells the log what was wrong', () => {
  const plain = () => hmac({ header: 'X-Sig' })
  const prefixed = () => hmac({ header: 'X-Sig', prefix: 'v0=' })
  const dated = () => hmac({ header: 'X-Sig', timestampHeader: 'X-Time' })
  const key = () => token({ header: 'X-Key' })
  const bearer = () => token({ header: 'Authorization', scheme: 'Bearer' })
  const query = () => token({ query: 'key' })
  const at = (search: string): DeliveryInit => ({
    ...request(),
    url: `https://example.com/${search}`,
  })

  test.each<[string, () => unknown, DeliveryInit, string]>([
    ['nothing', plain, request(), 'header x-sig is missing'],
    ['blanks', plain, header('x-sig', ' '), 'header x-sig is blank'],
    [
      'two lines',
      plain,
      header('x-sig', ['a', 'b']),
      'header x-sig came 2 times; it must be there once',
    ],
    ['two values', plain, header('x-sig', 'a,b'), 'header x-sig is not one signature'],
    [
      'no prefix',
      prefixed,
      header('x-sig', 'ab'),
      'header x-sig is not a signature that begins with v0=',
    ],
    [
      'a prefix alone',
      prefixed,
      header('x-sig', 'v0='),
      'header x-sig is not v0= and one signature',
    ],
    [
      'another signature',
      plain,
      header('x-sig', 'ab'),
      `x-sig matches none of 1 secret, checked over ${BODY}: ${CHANGED}`,
    ],
    [
      'no body',
      plain,
      { ...header('x-sig', 'ab'), body: new Uint8Array() },
      `x-sig matches none of 1 secret, checked over an empty body: ${CHANGED}`,
    ],
    [
      'a time without a signature',
      dated,
      header('x-time', '1700000000'),
      'header x-sig is missing',
    ],
    ['no time', dated, header('x-sig', 'ab'), 'header x-time is missing'],
    ['another token', key, header('x-key', 'ab'), 'x-key matches none of 1 secret: another secret'],
    [
      'no Bearer',
      bearer,
      header('authorization', 'token'),
      'header authorization is not Bearer and a token',
    ],
    [
      'a blank before Bearer',
      bearer,
      header('authorization', ' secret'),
      'header authorization is not Bearer and a token',
    ],
    [
      'two tokens',
      bearer,
      header('authorization', 'Bearer a b'),
      'header authorization is not Bearer and one token',
    ],
    ['no parameter', query, at(''), 'query parameter key is missing or empty'],
    [
      'two parameters',
      query,
      at('?key=a&key=b'),
      'query parameter key came 2 times; it must be there once',
    ],
    [
      'another parameter',
      query,
      at('?key=a'),
      'query parameter key matches none of 1 secret: another secret',
    ],
  ])('%s', (_, scheme, sent, expected) => {
    expect(reason(scheme() as Scheme<unknown>, 'secret', sent)).toBe(expected)
  })

  test('how many secrets were tried', () => {
    expect(reason(key(), ['a', 'b'], header('x-key', 'c'))).toBe(
      'x-key matches none of 2 secrets: another secret',
    )
  })

  test.each([
    ['https://user:pass@example.com/a/b?token=1#x', 'https://example.com/a/b?…'],
    ['/a/b', '/a/b'],
    [`https://example.com/${'a'.repeat(300)}`, `https://example.com/${'a'.repeat(180)}`],
  ])('the URL that was signed, without credentials, query and length: %s', (url, told) => {
    const signed = { header: 'x-sig', message: '{url}{body}', url: () => url }
    expect(reason(hmac(signed), 'secret', header('x-sig', 'ab'))).toBe(
      `x-sig matches none of 1 secret, checked over ${BODY} and the URL ${told}: another secret, or a body or URL that was changed on its way`,
    )
    const alone = { ...signed, message: '{url}', covers: { body: 'none', url: true } } as const
    expect(reason(hmac(alone), 'secret', header('x-sig', 'ab'))).toBe(
      `x-sig matches none of 1 secret, checked over the URL ${told}: another secret`,
    )
  })

  test('credentials that were expected', () => {
    const basics = basic()
    for (const value of ['Bearer abc', 'Basic ?', `Basic ${btoa('no colon')}`, 'a Basic YTpi'])
      expect(reason(basics, 'a:b', header('authorization', value))).toBe(
        'header authorization is not Basic and base64 of user:password',
      )
    expect(reason(basics, 'a:b', header('authorization', `Basic ${btoa('a:c')}`))).toBe(
      'authorization matches none of 1 secret: another secret',
    )
    expect(() => basics.verify(createDelivery(request()), [basics.key('a:b')], NOW)).toThrow(
      expect.objectContaining({
        headers: { 'www-authenticate': 'Basic realm="webhooks", charset="UTF-8"' },
      }),
    )
  })

  test('how a signed time is written', () => {
    const stamped = (unit: 's' | 'ms' | 'iso', value: string): string => {
      const scheme = hmac({ header: 'x-sig', timestampHeader: 'x-time', timestampUnit: unit })
      const sent = { ...request(), headers: { 'x-sig': 'ab', 'x-time': value } }
      return reason(scheme, 'secret', sent)
    }
    expect(stamped('s', 'a')).toBe('header x-time is not a unix time in seconds')
    expect(stamped('ms', 'a')).toBe('header x-time is not a unix time in milliseconds')
    for (const value of [
      'a',
      '2025-13-01T00:00:00Z',
      'a2025-01-01T00:00:00Z',
      '2025-01-01T00:00:00Z1',
    ])
      expect(stamped('iso', value)).toBe(
        'header x-time is not a date and time such as 2026-01-31T08:00:00Z',
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
    expect(reason(scheme, 'secret', sent, NOW + 61_400)).toBe(
      'signed 61 s ago, more than the tolerance of 60 s: a replay, a slow queue, or a wrong clock',
    )
    expect(reason(scheme, 'secret', sent, NOW - 6000)).toBe(
      'signed 6 s ahead of this clock, more than the tolerance of 5 s: check the clocks',
    )
    expect(reason(scheme, 'secret', sent, NOW - 5000)).toBe('taken')
  })

  test('the grammar of pairs', () => {
    const grammar = (value: string, most?: number): string =>
      reason(
        hmac({ ...pairs({ header: 'x-sig', ...(most !== undefined && { most }) }) }),
        'secret',
        header('x-sig', value),
      )
    const many = 'header x-sig is not t= once and v1= at least once, joined by ,'
    for (const value of [
      't=1',
      'v1=a',
      '!t=1,v1=a',
      't=1,t=2,v1=a',
      't=1,v1=a b',
      't=1;v1=a',
      ',t=1,v1=a',
    ])
      expect(grammar(value)).toBe(many)
    expect(grammar(`t=1${',v1=a'.repeat(21)}`)).toBe(many)
    expect(grammar(`t=1${',v1=a'.repeat(20)}`)).toContain('matches none')
    expect(grammar('t=1, v1=a,v0=b')).toContain('matches none')
    expect(grammar('t=1,v1=a,v1=b', 1)).toBe(
      'header x-sig is not t= once and v1= once, joined by ,',
    )
    expect(grammar('t=1,v1=a', 1)).toContain('matches none')
  })

  test('the grammar of Standard Webhooks', () => {
    const scheme = standardWebhooksScheme()
    const secret = `whsec_${btoa('a secret of tests')}`
    const sent = scheme.sign!(request(), scheme.key(secret), NOW)
    const value = sent.headers['webhook-signature']!
    const of = (text: string): string =>
      reason(
        scheme,
        secret,
        withHeader(sent, 'webhook-signature', () => text),
      )
    expect(of(`${value},${value}`)).toBe(
      'header webhook-signature is not a list of v1,<base64> or v1a,<base64> with spaces between them',
    )
    for (const text of ['v1', 'v1x', 'v1,', ',abc', 'v2,abc'])
      expect(of(text)).toBe('header webhook-signature is not a list of v1,<base64> or v1a,<base64>')
    expect(of('v1,a '.repeat(21).trim())).toBe(
      'header webhook-signature is not a list of at most 20 signatures',
    )
    expect(of(`${'v1,a '.repeat(11)}${'v1a,a '.repeat(10).trim()}`)).toBe(
      'header webhook-signature is not a list of at most 20 signatures',
    )
    expect(of(`${'v1,a '.repeat(19)}${value}`)).toBe('taken')
    expect(
      reason(
        scheme,
        secret,
        withHeader(sent, 'svix-id', () => 'a'),
      ),
    ).toBe('taken')
    expect(
      reason(
        scheme,
        secret,
        withHeader(sent, 'webhook-timestamp', () => 'now'),
      ),
    ).toBe('header webhook-timestamp is not a unix time in seconds')
    expect(of('v1,a')).toBe(
      `webhook-signature matches none of 1 secret, checked over ${BODY}: ${CHANGED}`,
    )
    for (const [id, body] of [
      ['msg.1700000000', '{}'],
      ['msg.17000000001', '{}'],
      ['msg', '1700000000.{}'],
      ['msg', '17000000001.{}'],
    ] as const)
      expect(
        reason(scheme, secret, {
          ...sent,
          headers: { ...sent.headers, 'webhook-id': id },
          body: Buffer.from(body),
        }),
      ).toBe('header webhook-id is not of a message that can be cut in one way only')
    for (const [id, body] of [
      ['msg.1700000000a', '{}'],
      ['msg.170000000', '{}'],
      ['msg', 'a1700000000.{}'],
      ['msg', '170000000.{}'],
    ] as const) {
      const named = { ...request(body), headers: { 'webhook-id': id } }
      expect(reason(scheme, secret, scheme.sign!(named, scheme.key(secret), NOW))).toBe('taken')
    }
    const svix = { ...request(), headers: { 'svix-id': 'a' } }
    expect(reason(scheme, secret, svix)).toBe(
      'header webhook-id is missing, and svix-id is there: use svix({ secret })',
    )
    const public32 = `whpk_${Buffer.alloc(32, 1).toString('base64')}`
    expect(
      reason(scheme, [public32, public32, public32], {
        ...sent,
        headers: { ...sent.headers, 'webhook-signature': 'v1a,a v1a,b v1a,c' },
      }),
    ).toBe('header webhook-signature is not a list of fewer v1a signatures')
    expect(
      reason(scheme, [public32, public32], {
        ...sent,
        headers: { ...sent.headers, 'webhook-signature': 'v1a,a v1a,b v1a,c v1a,d' },
      }),
    ).toContain('matches none of 2 secrets')
  })
})

describe('a key that is none is refused with what was expected', () => {
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
