import { createHash, createHmac, generateKeyPairSync } from 'node:crypto'
import { Buffer } from 'node:buffer'
import { SignJWT, type JWTPayload } from 'jose'
import { describe, expect, test } from 'vitest'
import { createDelivery, type DeliveryInit } from '../../../src/index.ts'
import { givenJwks, type SharedJwtOptions } from '../../../src/basics/index.ts'
import { jwt } from '../../../src/provider/index.ts'

const NOW = 1_790_000_000_000
const SECONDS = NOW / 1000
const SECRET = 'a shared secret of some length, 32 bytes at least for jose'
const BODY = '{"a":1}'
const hash = (encoding: 'hex' | 'base64' | 'base64url'): string =>
  createHash('sha256').update(BODY).digest(encoding)

const token = (claims: JWTPayload, alg = 'HS256', secret = SECRET): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret))

function verify(
  value: string,
  options: Partial<SharedJwtOptions> = {},
  sent: Partial<DeliveryInit> = {},
  secrets: readonly string[] = [SECRET],
): number {
  const scheme = jwt({ algorithms: ['HS256'], header: 'X-Token', ...options })
  const delivery = createDelivery({
    url: 'https://example.com/hook?a=1',
    headers: { 'x-token': value },
    body: BODY,
    ...sent,
  })
  return scheme.verify(
    delivery,
    secrets.map((secret) => scheme.key(secret)),
    NOW,
  ) as number
}

const code = (expected: string): unknown => expect.objectContaining({ code: expected })

test.each([[['x']], [['b64']], [[]], ['b64'], [null]])(
  'a token whose head says crit: %j is rejected',
  (crit) => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const message = `${part({ alg: 'HS256', crit, b64: false })}.${part({ iat: SECONDS })}`
    const mac = createHmac('sha256', SECRET).update(message).digest('base64url')
    expect(() => verify(`${message}.${mac}`)).toThrow(
      expect.objectContaining({ header: 'x-token', expected: 'a token without crit' }) as Error,
    )
  },
)

describe('a token with a shared secret', () => {
  test.each(['HS256', 'HS384', 'HS512'] as const)('%s of jose is verified', async (alg) => {
    const value = await token({ iss: 'acme' }, alg)
    expect(verify(value, { algorithms: [alg], issuer: ['acme'] }, {}, ['another', SECRET])).toBe(1)
    expect(() => verify(value, { algorithms: [alg] }, {}, ['another'])).toThrow(
      code('signature_mismatch') as Error,
    )
    const others = (['HS256', 'HS384', 'HS512'] as const).filter((name) => name !== alg)
    expect(() => verify(value, { algorithms: others })).toThrow(code('malformed_header') as Error)
  })

  test('that names no algorithm, or changes a character, is rejected', async () => {
    const [, payload] = (await token({})).split('.')
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
    expect(() => verify(none)).toThrow(code('malformed_header') as Error)
    const value = await token({})
    for (let at = 0; at < value.length; at += 7) {
      const changed = value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
      expect(() => verify(changed)).toThrow()
    }
  })

  test.each([
    ['hex', hash('hex'), hash('hex').toUpperCase()],
    [undefined, hash('hex'), hash('hex').toUpperCase()],
    ['base64', hash('base64'), hash('base64').slice(0, -1)],
    ['base64url', hash('base64url'), `${hash('base64url')}=`],
  ] as const)('binds the body, in %s', async (encoding, ...spelled) => {
    const options = { bodyHash: { claim: 'body', ...(encoding && { encoding }) } }
    for (const body of spelled) expect(verify(await token({ body }), options)).toBe(0)
    const value = await token({ body: spelled[0] })
    for (const body of ['{"a":2}', ''])
      expect(() => verify(value, options, { body })).toThrow(
        expect.objectContaining({
          code: 'signature_mismatch',
          header: 'x-token',
          field: 'body',
          bytes: body.length,
        }) as Error,
      )
    const bare = await token({})
    expect(() => verify(bare, options)).toThrow(code('malformed_header') as Error)
    expect(verify(bare, options, { body: '' })).toBe(0)
  })

  test('stands alone in a header of its own', () => {
    const scheme = jwt({ algorithms: ['HS256'], header: 'X-Token', bodyHash: { claim: 'b' } })
    const request = {
      method: 'POST',
      url: 'https://a.example/',
      headers: {},
      body: Buffer.from(BODY),
    }
    const sent = scheme.sign!(request, Buffer.of(1), NOW)
    const [head, ...rest] = sent.headers['x-token']!.split('.')
    expect(Buffer.from(head!, 'base64url').toString()).toBe('{"alg":"HS256","typ":"JWT"}')
    expect(rest).toHaveLength(2)
    expect(scheme.verify(createDelivery(sent), [Buffer.of(1)], NOW)).toBe(0)
  })

  test('is made by sign as verify wants it', () => {
    const scheme = jwt({
      algorithms: ['HS512'],
      issuer: ['acme'],
      audience: ({ url }) => [url],
      bodyHash: { claim: 'body', encoding: 'base64url' },
      claims: (_request, seconds) => ({ exp: seconds + 60 }),
      required: ['exp'],
    })
    const request = {
      method: 'POST',
      url: 'https://a.example/',
      headers: {},
      body: Buffer.from(BODY),
    }
    const signed = scheme.sign!(request as never, scheme.key(SECRET), NOW)
    expect(signed.headers['authorization']).toMatch(/^Bearer /)
    expect(scheme.verify(createDelivery(signed), [scheme.key(SECRET)], NOW)).toBe(0)
    expect(() => scheme.verify(createDelivery(signed), [scheme.key(SECRET)], NOW + 61_000)).toThrow(
      code('timestamp_too_old') as Error,
    )
  })
})

describe('a public key is no shared secret', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string
  const jwk = publicKey.export({ format: 'jwk' })
  const forged = (): string => {
    const message = ['{"alg":"HS256","kid":"k1"}', '{"iss":"acme"}']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.')
    return `${message}.${createHmac('sha256', pem).update(message).digest('base64url')}`
  }

  test('one jwt() never takes both', () => {
    expect(() => jwt({ algorithms: ['RS256', 'HS256', 'HS512'] as never })).toThrow(
      'algorithms mixes shared secrets (HS256, HS512) with',
    )
  })

  test('a token that was forged with an RS256 public key as HS256 secret is rejected', async () => {
    const scheme = jwt({ algorithms: ['RS256'], header: 'X-Token' })
    const keys = givenJwks({ keys: [{ ...jwk, kty: 'RSA', kid: 'k1' }] }, 'jwks')
    const delivery = createDelivery({ url: 'https://a.example/', headers: { 'x-token': forged() } })
    await expect(async () => scheme.verify(delivery, [keys], NOW)).rejects.toThrow(
      code('malformed_header') as Error,
    )
  })

  test('and such a key is rejected as a shared secret', () => {
    const scheme = jwt({ algorithms: ['HS256', 'HS512'], header: 'X-Token' })
    for (const secret of [
      pem,
      JSON.stringify(jwk),
      ` ${JSON.stringify(jwk)}`,
      'https://acme.example/jwks.json',
    ])
      expect(() => scheme.key(secret)).toThrow(/for HS256, HS512, not a public key/)
    for (const secret of ['a{b}', 'a https://b'])
      expect(scheme.key(secret)).toEqual(Buffer.from(secret))
  })
})
