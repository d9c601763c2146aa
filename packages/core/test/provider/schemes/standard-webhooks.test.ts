import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDelivery } from '../../../src/index.ts'
import { standardWebhooksId } from '../../../src/basics/index.ts'
import { standardWebhooksScheme } from '../../../src/provider/index.ts'
import { flipped, lenientBase64, NOW, request, verdict, withHeader } from './sent.ts'

const scheme = standardWebhooksScheme()
const pair = generateKeyPairSync('ed25519')
const seed = pair.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
const point = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
const secrets = {
  v1: `whsec_${randomBytes(24).toString('base64')}`,
  v1a: `whsk_${seed.toString('base64')}`,
}
const verifying = { v1: secrets.v1, v1a: `whpk_${point.toString('base64')}` }
const HEADER = 'webhook-signature'
const sign = (version: 'v1' | 'v1a', body?: string): ReturnType<typeof request> =>
  scheme.sign!(request(body), scheme.key(secrets[version]), NOW)

describe.each(['v1', 'v1a'] as const)('%s', (version) => {
  const sent = sign(version)
  const value = sent.headers[HEADER]!
  const secret = verifying[version]

  test('verifies what was signed, and nothing with a flipped bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(), (body, at) => {
        const signed = scheme.sign!(request(body), scheme.key(secrets[version]), NOW)
        expect(verdict(scheme, secret, signed)).toBe(0)
        expect(verdict(scheme, [`whsec_${'AAAA'.repeat(8)}`, secret], signed)).toBe(1)
        const tampered = { ...signed, body: flipped(signed.body, at) }
        expect(verdict(scheme, secret, tampered)).toBe('signature_mismatch')
      }),
      { numRuns: 50 },
    )
  })

  test('covers id and time', () => {
    for (const name of ['webhook-id', 'webhook-timestamp'])
      expect(
        verdict(
          scheme,
          secret,
          withHeader(sent, name, (text) => `${text}1`),
        ),
      ).not.toBe(0)
    expect(verdict(scheme, secret, withHeader(sent, 'webhook-id', 'msg_2'))).toBe(
      'signature_mismatch',
    )
  })

  test('is found among others, in any order', () => {
    const noise = `v1,${randomBytes(32).toString('base64')} v1a,${randomBytes(64).toString('base64')} v2,abc`
    for (const text of [`${noise} ${value}`, `${value} ${noise}`])
      expect(verdict(scheme, secret, withHeader(sent, HEADER, text))).toBe(0)
  })

  test('is taken in canonical form only', () => {
    const [, signature] = value.split(',')
    for (const text of lenientBase64(signature!)) {
      const code = verdict(scheme, secret, withHeader(sent, HEADER, `${version},${text}`))
      expect(['signature_mismatch', 'malformed_header']).toContain(code)
    }
  })

  test.each([
    [300_000, 0],
    [300_001, 'timestamp_too_old'],
    [-300_000, 0],
    [-300_001, 'timestamp_in_future'],
  ])('%i ms later gives %o', (later, expected) => {
    expect(verdict(scheme, secret, sent, NOW + later)).toBe(expected)
  })
})

test('v1 is the signature of the specification', () => {
  const key = Buffer.from(secrets.v1.slice(6), 'base64')
  const expected = createHmac('sha256', key).update('msg_1.1700000000.{"a":1}').digest('base64')
  expect(sign('v1').headers[HEADER]).toBe(`v1,${expected}`)
})

test('a signature of one version is no signature of the other', () => {
  for (const [version, as] of [
    ['v1', 'v1a'],
    ['v1a', 'v1'],
  ] as const) {
    const swapped = withHeader(sign(version), HEADER, (text) => text.replace(/^\w+/, as))
    expect(verdict(scheme, verifying[version], swapped)).toBe('signature_mismatch')
  }
})

test.each([
  ['webhook-id', undefined, 'missing_header'],
  ['webhook-timestamp', undefined, 'missing_header'],
  ['webhook-signature', undefined, 'missing_header'],
  ['webhook-signature', 'v1', 'malformed_header'],
  ['webhook-signature', 'v1,', 'malformed_header'],
  ['webhook-signature', 'v2,abcd', 'malformed_header'],
  ['webhook-signature', 'v1,AAAA '.repeat(21), 'malformed_header'],
  ['webhook-timestamp', '1700000000000', 'malformed_header'],
  ['webhook-timestamp', '2023-11-14T22:13:20Z', 'malformed_header'],
])('%s of %o is %s', (name, value, code) => {
  expect(verdict(scheme, secrets.v1, withHeader(sign('v1'), name, value))).toBe(code)
})

test('a repeated header is rejected', () => {
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature'])
    expect(
      verdict(
        scheme,
        secrets.v1,
        withHeader(sign('v1'), name, (value) => [value, value]),
      ),
    ).toBe('malformed_header')
})

test('one set of headers counts as a whole', () => {
  const both = standardWebhooksScheme({ prefixes: ['svix-', 'webhook-'] })
  const sent = sign('v1')
  expect(verdict(both, secrets.v1, sent)).toBe(0)
  const mixed = { ...sent, headers: { ...sent.headers, 'svix-id': 'msg_1' } }
  expect(verdict(both, secrets.v1, mixed)).toBe('missing_header')
  expect(standardWebhooksId(createDelivery(sent), ['svix-', 'webhook-'])).toBe('msg_1')
  expect(standardWebhooksId(createDelivery(request()))).toBe('msg_1')
})

test.each(['whsec_!', 'secret?', 'whpk_AAAA', 'whsk_AAAA', 'whsec_AAAAA'])(
  'an invalid secret is rejected: %s',
  (secret) => {
    expect(() => scheme.key(secret)).toThrow(TypeError)
  },
)

test('a secret without its prefix, or unpadded, is the same secret', () => {
  const secret = `whsec_${Buffer.from('0123456789').toString('base64')}`
  const sent = scheme.sign!(request(), scheme.key(secret), NOW)
  for (const same of [secret.slice(6), secret.replaceAll('=', '')])
    expect(verdict(scheme, same, sent)).toBe(0)
})

test('raw takes the text of the secret as the key', () => {
  const raw = standardWebhooksScheme({ keys: ['text'] })
  const sent = raw.sign!(request(), raw.key('plain text'), NOW)
  expect(verdict(raw, 'plain text', sent)).toBe(0)
})

test('signing needs an id, and a key that can', () => {
  const { 'webhook-id': _, ...headers } = request().headers
  expect(() => scheme.sign!({ ...request(), headers }, scheme.key(secrets.v1), NOW)).toThrow(
    'webhook-id',
  )
  expect(() => scheme.sign!(request(), scheme.key(verifying.v1a), NOW)).toThrow('cannot sign')
})

test('signs with all keys in force at once, and leaves out those that only verify', () => {
  const keys = [secrets.v1, secrets.v1a, verifying.v1a].map((secret) => scheme.key(secret))
  const signed = scheme.signAll!(request(), keys, NOW)
  expect(signed.headers[HEADER]).toBe(
    `${sign('v1').headers[HEADER]} ${sign('v1a').headers[HEADER]}`,
  )
  for (const secret of [verifying.v1, verifying.v1a])
    expect(verdict(scheme, secret, signed)).toBe(0)
  expect(() => scheme.signAll!(request(), [scheme.key(verifying.v1a)], NOW)).toThrow('cannot sign')
})

test('verifications by Ed25519 are few: keys times signatures', () => {
  const sent = sign('v1a')
  const value = sent.headers[HEADER]!
  const noise = `v1a,${randomBytes(64).toString('base64')}`
  const five = withHeader(sent, HEADER, () =>
    [value, ...Array.from({ length: 4 }, () => noise)].join(' '),
  )
  expect(verdict(scheme, [secrets.v1, verifying.v1a], five)).toBe(1)
  const keys = [verifying.v1a, secrets.v1a]
  expect(verdict(scheme, keys, five)).toBe('malformed_header')
  expect(verdict(scheme, keys, withHeader(sent, HEADER, `${noise} ${value}`))).toBe(0)
})

test('without an id the missing header is named, and another sender only if its headers are there', () => {
  const { 'webhook-id': _, ...headers } = sign('v1').headers
  const missing = { ...sign('v1'), headers }
  expect(verdict(scheme, secrets.v1, missing)).toBe('missing_header')
  const verify = (delivery: typeof missing): unknown =>
    scheme.verify(createDelivery(delivery), [scheme.key(secrets.v1)], NOW)
  expect(() => verify(missing)).toThrow(
    expect.objectContaining({ problem: 'missing', header: 'webhook-id' }),
  )
  const svix = { ...missing, headers: { ...headers, 'svix-id': 'msg_1' } }
  expect(verdict(scheme, secrets.v1, svix)).toBe('missing_header')
  const both = standardWebhooksScheme({ prefixes: ['svix-', 'webhook-'] })
  expect(both.present!(createDelivery(sign('v1')))).toBe(true)
})

test('each prefix makes a scheme present', () => {
  const both = standardWebhooksScheme({ prefixes: ['webhook-', 'svix-'] })
  const at = (name: string) => createDelivery({ ...request(), headers: { [name]: 'v1,a' } })
  expect(
    ['webhook-signature', 'svix-signature', 'webhook-id'].map((one) => both.present!(at(one))),
  ).toEqual([true, true, false])
})
