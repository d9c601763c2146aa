import { createDelivery, type ErrorDetails, type WebhookError } from '../../../src/index.ts'
import { factsOf, givenJwks, peer, type Jwk, type JwkSource } from '../../../src/basics/index.ts'
import { jwt, provider, type JwtOptions, type Scheme } from '../../../src/provider/index.ts'
import { CompactSign, exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'

const NOW = 1_760_000_000_000
const SECONDS = NOW / 1000

let key: CryptoKey
let other: CryptoKey
let jwk: Jwk
let rsaJwk: Jwk

beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  key = pair.privateKey
  jwk = { ...(await exportJWK(pair.publicKey)), kty: 'EC', kid: 'k1' }
  other = (await generateKeyPair('ES256')).privateKey
  const rsa = await generateKeyPair('RS256', { extractable: true })
  rsaJwk = { ...(await exportJWK(rsa.publicKey)), kty: 'RSA', kid: 'k1' }
})

function token(
  claims: JWTPayload = {},
  head: { alg?: string; kid?: string } = {},
  by: CryptoKey | Uint8Array = key,
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k1', ...head }).sign(by)
}

function verify(
  value: string | readonly string[],
  options: Partial<JwtOptions> = {},
  keys: JwkSource = givenJwks({ keys: [jwk] }, 'jwks'),
): Promise<number> {
  const scheme: Scheme<JwkSource> = jwt({ algorithms: ['ES256'], ...options })
  const headers = { authorization: value }
  const delivery = createDelivery({ url: 'https://example.com/', headers })
  return Promise.resolve(scheme.verify(delivery, [keys], NOW))
}

const code = (expected: string) => expect.objectContaining({ code: expected }) as Error

describe('the signature', () => {
  test('of a known key is taken, with and without its id', async () => {
    expect(await verify(`Bearer ${await token()}`)).toBe(0)
    const anonymous = await new SignJWT({}).setProtectedHeader({ alg: 'ES256' }).sign(key)
    expect(await verify(`bearer ${anonymous}`)).toBe(0)
  })

  test('of another key, under another id or with changed claims is rejected', async () => {
    const [head, , signature] = (await token()).split('.')
    const claims = Buffer.from('{"admin":true}').toString('base64url')
    for (const wrong of [
      await token({}, {}, other),
      await token({}, { kid: 'k2' }),
      `${head}.${claims}.${signature}`,
      `${head}.${claims}.`,
    ])
      await expect(verify(`Bearer ${wrong}`)).rejects.toThrow(
        expect.objectContaining({ code: 'signature_mismatch', header: 'authorization' }),
      )
  })

  test('by an algorithm that was not named is rejected before any key is looked for', async () => {
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`
    const secret = new TextEncoder().encode(JSON.stringify(jwk))
    const hmac = await token({}, { alg: 'HS256' }, secret)
    const unused: JwkSource = {
      find() {
        throw new Error('a key was looked for')
      },
    }
    for (const wrong of [none, hmac])
      await expect(verify(`Bearer ${wrong}`, {}, unused)).rejects.toThrow(code('malformed_header'))
  })

  test('is not checked with a key of another type that has its id', async () => {
    const keys = givenJwks({ keys: [rsaJwk] }, 'jwks')
    await expect(verify(`Bearer ${await token()}`, {}, keys)).rejects.toThrow(
      code('signature_mismatch'),
    )
    const both = givenJwks({ keys: [rsaJwk, jwk] }, 'jwks')
    expect(await verify(`Bearer ${await token()}`, {}, both)).toBe(0)
  })

  test('is not checked with a key that is meant for something else', async () => {
    for (const member of [{ use: 'enc' }, { key_ops: ['encrypt'] }, { alg: 'ES384' }]) {
      const keys = givenJwks({ keys: [{ ...jwk, ...member }] }, 'jwks')
      await expect(verify(`Bearer ${await token()}`, {}, keys)).rejects.toThrow(
        code('signature_mismatch'),
      )
    }
  })
})

test('a head whose key id is no string is like one without', async () => {
  expect(await verify(`Bearer ${await token({}, { kid: 7 as never })}`)).toBe(0)
})

test('blanks between Bearer and the token count as one', async () => {
  expect(await verify(`Bearer   ${await token()}  `)).toBe(0)
})

test.each<[string, (value: string) => string]>([
  ['another scheme before Bearer', (value) => `Basic Bearer ${value}`],
  ['a fourth part', (value) => `Bearer ${value}.e30`],
  ['a character that base64url has not', (value) => `Bearer ${value}=`],
])('a token is rejected with %s', async (_, write) => {
  await expect(verify(write(await token()))).rejects.toThrow(code('malformed_header'))
})

describe('signed bytes that are no claims', () => {
  const compact = (payload: Uint8Array): Promise<string> =>
    new CompactSign(payload).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(key)

  test.each(['null', '["iss"]', '"iss"', '7', 'true', '{"iss":'])('%s', async (text) => {
    const value = await compact(Buffer.from(text))
    await expect(verify(`Bearer ${value}`)).rejects.toThrow(code('signature_mismatch'))
  })

  test('what is not UTF-8', async () => {
    const value = await compact(Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xff, 0x22, 0x7d)]))
    await expect(verify(`Bearer ${value}`)).rejects.toThrow(code('signature_mismatch'))
  })

  test('a time beyond all numbers', async () => {
    const value = await compact(Buffer.from('{"exp":1e999}'))
    await expect(verify(`Bearer ${value}`)).rejects.toThrow(code('malformed_header'))
  })
})

test.each([
  ['no header', []],
  ['two headers', ['Bearer a.b.c', 'Bearer a.b.c']],
  ['another scheme', 'Basic a.b.c'],
  ['two tokens', 'Bearer a.b.c a.b.c'],
  ['no token', 'Bearer nonsense'],
  ['an encrypted token', 'Bearer a.b.c.d.e'],
])('%s is rejected', async (_, value) => {
  await expect(verify(value)).rejects.toThrow(expect.objectContaining({ header: 'authorization' }))
})

describe('the claims', () => {
  test.each<[string, JWTPayload, Partial<JwtOptions>, string | undefined]>([
    ['another issuer', { iss: 'b' }, { issuer: ['a'] }, 'unknown_sender'],
    ['no issuer', {}, { issuer: ['a'] }, 'unknown_sender'],
    ['the issuer', { iss: 'a' }, { issuer: ['a'] }, undefined],
    ['another audience', { aud: ['x', 'y'] }, { audience: () => ['z'] }, 'unknown_sender'],
    ['one of several audiences', { aud: ['x', 'y'] }, { audience: () => ['y'] }, undefined],
    [
      'the URL as audience',
      { aud: 'https://example.com/' },
      { audience: (d) => [d.url] },
      undefined,
    ],
    ['expiry now', { exp: SECONDS }, {}, undefined],
    ['expiry a second ago', { exp: SECONDS - 1 }, {}, 'timestamp_too_old'],
    ['expiry within the tolerance', { exp: SECONDS - 30 }, { tolerance: 30 }, undefined],
    ['a start in a minute', { nbf: SECONDS + 60 }, {}, undefined],
    ['a start later', { nbf: SECONDS + 61 }, {}, 'timestamp_in_future'],
    ['an issue in the future', { iat: SECONDS + 61 }, {}, 'timestamp_in_future'],
    ['an issue long ago', { iat: SECONDS - 86_400 }, {}, undefined],
    ['the age that is allowed', { iat: SECONDS - 300 }, { maxAge: 300 }, undefined],
    ['a greater age', { iat: SECONDS - 301 }, { maxAge: 300 }, 'timestamp_too_old'],
    ['as much in the future', { iat: SECONDS + 301 }, { maxAge: 300 }, 'timestamp_in_future'],
    ['no age', {}, { maxAge: 300 }, 'malformed_header'],
    ['a missing claim', {}, { required: ['exp'] }, 'malformed_header'],
    ['a claim that is required', { exp: SECONDS }, { required: ['exp'] }, undefined],
    ['issuers in a list', { iss: ['a'] as never }, { issuer: ['a'] }, 'unknown_sender'],
    [
      'an audience that is no text',
      { aud: [7] as never },
      { audience: () => ['7'] },
      'unknown_sender',
    ],
    ['a time that is text', { exp: '9999999999' as never }, {}, 'malformed_header'],
  ])('%s', async (_, claims, options, rejection) => {
    const verdict = verify(`Bearer ${await token(claims)}`, options)
    if (rejection === undefined) expect(await verdict).toBe(0)
    else await expect(verdict).rejects.toThrow(code(rejection))
  })
})

test('a package that is not installed is named, with the way out', async () => {
  const absent = peer('jose', () => import('no-such-package' as string))
  await expect(absent.load()).rejects.toThrow(
    expect.objectContaining({ problem: 'package_missing', got: 'jose' }),
  )
  expect(absent.loaded).toBeUndefined()
  const missing = peer('no-such-package', () => import('no-such-package' as string))
  expect(() => missing.check('acme')).toThrow(
    new TypeError('acme: the package no-such-package is missing; npm install no-such-package'),
  )
  expect(() => peer('jose', () => import('jose')).check('acme')).not.toThrow()
})

test('a secret is the https URL of a key set', () => {
  const scheme = jwt({ algorithms: ['ES256'] })
  const make = (secret: string) =>
    provider<{ keys: string }, JwkSource>({
      name: 'acme',
      options: { keys: 'URL of the key set.' },
      secret: 'keys',
      scheme: () => scheme,
      events: () => [],
    })({ keys: secret })
  expect(() => make('http://example.com/jwks.json')).toThrow(/acme: keys.*must be https/)
  expect(make('https://example.com/jwks.json').covers).toEqual({ body: 'none', timestamp: true })
})

describe('a rejection of a token tells the log what was wrong', () => {
  const reason = async (claims: JWTPayload, options: Partial<JwtOptions>): Promise<unknown> =>
    verify(`Bearer ${await token(claims)}`, options).catch((error: WebhookError) => factsOf(error))

  test.each<[JWTPayload, Partial<JwtOptions>, Omit<ErrorDetails, 'header'>]>([
    [{}, { required: ['exp'] }, { problem: 'missing', field: 'exp' }],
    [{}, { maxAge: 300 }, { problem: 'missing', field: 'iat' }],
    [
      { nbf: 'soon' as never },
      {},
      { problem: 'malformed', field: 'nbf', expected: 'a number of seconds' },
    ],
    [
      {},
      { algorithms: ['RS256', 'PS256'] },
      { problem: 'malformed', expected: 'a token signed with RS256 or PS256' },
    ],
    [
      { iss: 'c' },
      { issuer: ['a', 'b'] },
      { problem: 'not_allowed', field: 'iss', expected: 'a or b' },
    ],
  ])('%j with %j', async (claims, options, expected) => {
    expect(await reason(claims, options)).toEqual({ header: 'authorization', ...expected })
  })

  test('that has no head, or none that can be read', async () => {
    for (const value of ['e30.e30.a', 'W10.e30.a', 'bnVsbA.e30.a', 'a.b.c', `${btoa('1')}.e30.a`])
      await expect(verify(`Bearer ${value}`)).rejects.toThrow(
        expect.objectContaining({ header: 'authorization', expected: 'a signed JSON Web Token' }),
      )
    const { 0: head } = (await token()).split('.')
    await expect(verify(`Bearer ${head}.e30`)).rejects.toThrow(
      expect.objectContaining({ expected: 'a signed JSON Web Token' }),
    )
    await expect(verify(`Bearer ${head}.e30.a b`)).rejects.toThrow(
      expect.objectContaining({ expected: 'Bearer and one token' }),
    )
  })
})

test('a token in a header of its own stands there alone', async () => {
  const scheme = jwt({ algorithms: ['ES256'], header: 'X-JWT' })
  const keys = [givenJwks({ keys: [jwk] }, 'jwks')]
  const at = (headers: Record<string, string>) =>
    Promise.resolve(
      scheme.verify(createDelivery({ url: 'https://example.com/', headers }), keys, NOW),
    )
  const value = await token()
  expect(await at({ 'x-jwt': ` ${value} ` })).toBe(0)
  await expect(Promise.resolve().then(() => at({ 'x-jwt': `Bearer ${value}` }))).rejects.toThrow(
    expect.objectContaining({ header: 'x-jwt', expected: 'a signed JSON Web Token' }),
  )
  await expect(
    Promise.resolve().then(() => at({ authorization: `Bearer ${value}` })),
  ).rejects.toThrow(expect.objectContaining({ problem: 'missing', header: 'x-jwt' }))
})
