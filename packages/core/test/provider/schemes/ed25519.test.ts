import { createPublicKey, generateKeyPairSync, verify, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ed25519 } from '../../../src/provider/index.ts'
import { flipped, lenientBase64, NOW, request, verdict, withHeader } from './sent.ts'

const HEADER = 'x-signature-ed25519'
const pair = (): { seed: Buffer; point: Buffer } => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    seed: privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32),
    point: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
  }
}
const publicKeyOf = (x: Buffer): KeyObject =>
  createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') },
    format: 'jwk',
  })
const { seed, point } = pair()
const other = pair()
const options = {
  header: 'X-Signature-Ed25519',
  timestampHeader: 'X-Signature-Timestamp',
} as const
const hex = ed25519(options)
const base64 = ed25519({ ...options, encoding: 'base64' })
const sent = hex.sign!(request(), hex.key(`private:${seed.toString('hex')}`), NOW)

test('verifies what was signed, and nothing with a flipped bit', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('hex', 'base64'),
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.nat(),
      (encoding, body, at) => {
        const scheme = encoding === 'hex' ? hex : base64
        const both = Buffer.concat([seed, point])
        const key = scheme.key(`private:${(at % 2 ? seed : both).toString(encoding)}`)
        const signed = scheme.sign!(request(body), key, NOW)
        const secret = point.toString(encoding)
        expect(verdict(scheme, secret, signed)).toBe(0)
        expect(verdict(scheme, [other.point.toString(encoding), secret], signed)).toBe(1)
        const tampered = { ...signed, body: flipped(signed.body, at) }
        expect(verdict(scheme, secret, tampered)).toBe('signature_mismatch')
      },
    ),
    { numRuns: 50 },
  )
})

describe('only the canonical form is taken', () => {
  const value = sent.headers[HEADER]!
  const secret = point.toString('hex')

  test('S + L is another signature of the same message to a lenient verifier, and rejected', () => {
    const order = (1n << 252n) + 27742317777372353535851937790883648493n
    const bytes = Buffer.from(value, 'hex')
    const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order
    const high = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()
    const malleated = Buffer.concat([bytes.subarray(0, 32), high]).toString('hex')
    expect(malleated).toHaveLength(128)
    expect(verdict(hex, secret, withHeader(sent, HEADER, malleated))).toBe('signature_mismatch')
  })

  // Signatures differ in each run, so the names of the tests do not contain them.
  test.each([
    ['upper case', value.toUpperCase(), 'signature_mismatch'],
    ['a byte more', `${value}00`, 'signature_mismatch'],
    ['a byte less', value.slice(0, -2), 'signature_mismatch'],
    ['no hex', `${value.slice(0, -1)}g`, 'signature_mismatch'],
    ['a blank', `${value} `, 'malformed_header'],
  ])('hex: %s', (_, text, code) => {
    expect(verdict(hex, secret, withHeader(sent, HEADER, text))).toBe(code)
  })

  test('base64', () => {
    const signed = base64.sign!(request(), base64.key(`private:${seed.toString('base64')}`), NOW)
    for (const text of lenientBase64(signed.headers[HEADER]!)) {
      const code = verdict(base64, point.toString('base64'), withHeader(signed, HEADER, text))
      expect(['signature_mismatch', 'malformed_header']).toContain(code)
    }
  })
})

test('signs and verifies in either encoding, over the body alone too', () => {
  const body = Buffer.from('{"a":1}')
  for (const encoding of ['hex', 'base64'] as const) {
    const scheme = ed25519({ header: HEADER, encoding })
    const signed = scheme.sign!(
      request(body),
      scheme.key(`private:${seed.toString(encoding)}`),
      NOW,
    )
    const given = Buffer.from(signed.headers[HEADER]!, encoding)
    expect(verify(null, body, publicKeyOf(point), given)).toBe(true)
    expect(verdict(scheme, point.toString(encoding), signed)).toBe(0)
  }
})

test('a private key is its seed, or seed and public half', () => {
  const both = `private:${seed.toString('hex')}${point.toString('hex')}`
  expect(verdict(hex, point.toString('hex'), hex.sign!(request(), hex.key(both), NOW))).toBe(0)
  for (const secret of [`${both}00`, `private:${point.toString('hex')}00`, both.slice(8)])
    expect(() => hex.key(secret)).toThrow('the key must be an Ed25519 public key: 32 bytes in hex')
  expect(() => hex.sign!(request(), hex.key(point.toString('hex')), NOW)).toThrow(
    'an Ed25519 public key cannot sign: give `private:` and the seed',
  )
})
