import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hmac, pairs, type HmacOptions } from '../../../src/provider/index.ts'
import { hmacAlgorithm, type HashName, type SignatureEncoding } from '../../../src/basics/index.ts'
import { flipped, lenientBase64, NOW, request, verdict, withHeader } from './sent.ts'

const HEADER = 'x-signature'
const HASHES: readonly HashName[] = ['sha1', 'sha256', 'sha384', 'sha512']
const ENCODINGS: readonly SignatureEncoding[] = ['hex', 'base64', 'base64url']
const make = (options: Partial<HmacOptions> = {}): ReturnType<typeof hmac> =>
  hmac({ header: 'X-Signature', ...options })
const sign = (
  options: Partial<HmacOptions> = {},
  secret = 'secret',
): ReturnType<typeof request> => {
  const scheme = make(options)
  return scheme.sign!(request(), scheme.key(secret), NOW)
}

describe('a signature', () => {
  test('verifies what was signed, and nothing with a flipped bit', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...HASHES),
        fc.constantFrom(...ENCODINGS),
        fc.constantFrom(undefined, 'x-time'),
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.string({ minLength: 1 }),
        fc.nat(),
        (algorithm, encoding, timestampHeader, body, secret, at) => {
          const scheme = make({ algorithm, encoding, timestampHeader, prefix: 'v0=' })
          const sent = scheme.sign!(request(body), scheme.key(secret), NOW)
          expect(verdict(scheme, secret, sent)).toBe(0)
          expect(verdict(scheme, ['other', secret], sent)).toBe(1)
          expect(verdict(scheme, `${secret}x`, sent)).toBe('signature_mismatch')
          const tampered = { ...sent, body: flipped(sent.body, at) }
          expect(verdict(scheme, secret, tampered)).toBe('signature_mismatch')
        },
      ),
    )
  })

  test('is the one node:crypto makes', () => {
    const body = request().body
    expect(sign().headers[HEADER]).toBe(createHmac('sha256', 'secret').update(body).digest('hex'))
    expect(sign({ timestampHeader: 'x-time' }).headers).toMatchObject({
      'x-time': '1700000000',
      [HEADER]: createHmac('sha256', 'secret').update('1700000000.').update(body).digest('hex'),
    })
    expect(sign({ keyEncoding: 'hex' }, '00ff').headers[HEADER]).toBe(
      createHmac('sha256', Buffer.from([0, 255]))
        .update(body)
        .digest('hex'),
    )
    expect(hmacAlgorithm().key('secret')).toEqual(Buffer.from('secret'))
    expect(sign({ keyEncoding: 'base64' }, 'AP8=').headers[HEADER]).toBe(
      sign({ keyEncoding: 'hex' }, '00ff').headers[HEADER],
    )
  })

  test('is over what the message function says', () => {
    const message: HmacOptions['message'] = (delivery) => [delivery.url, delivery.body]
    const sent = sign({ message })
    expect(verdict(make({ message }), 'secret', sent)).toBe(0)
    expect(verdict(make({ message }), 'secret', { ...sent, url: `${sent.url}1` })).toBe(
      'signature_mismatch',
    )
  })
})

describe('only the canonical form is taken', () => {
  const hex = sign().headers[HEADER]!
  test.each([
    [hex.toUpperCase(), 'signature_mismatch'],
    [hex.slice(0, -1), 'signature_mismatch'],
    [hex.slice(0, -2), 'signature_mismatch'],
    [`${hex}00`, 'signature_mismatch'],
    [`0x${hex}`, 'signature_mismatch'],
    [`${hex} `, 'malformed_header'],
    [` ${hex}`, 'malformed_header'],
    [`${hex},${hex}`, 'malformed_header'],
    [`${hex}\u00e9`, 'signature_mismatch'],
    ['', 'missing_header'],
  ])('hex: %o', (value, code) => {
    expect(verdict(make(), 'secret', withHeader(sign(), HEADER, value))).toBe(code)
  })

  test('upper case where anyCase is asked for', () => {
    const upper = withHeader(sign(), HEADER, (value) => value.toUpperCase())
    expect(verdict(make({ anyCase: true }), 'secret', upper)).toBe(0)
    const base64 = { anyCase: true, encoding: 'base64' } as const
    expect(verdict(make(base64), 'secret', sign(base64))).toBe(0)
  })

  test.each(['base64', 'base64url'] as const)('%s', (encoding) => {
    const sent = sign({ encoding })
    for (const value of lenientBase64(sent.headers[HEADER]!)) {
      if (value === sent.headers[HEADER]) continue
      const code = verdict(make({ encoding }), 'secret', withHeader(sent, HEADER, value))
      expect(['signature_mismatch', 'malformed_header']).toContain(code)
    }
  })

  test('the prefix belongs to it', () => {
    const sent = sign({ prefix: 'sha256=' })
    const scheme = make({ prefix: 'sha256=' })
    expect(verdict(scheme, 'secret', sent)).toBe(0)
    for (const value of [hex, `SHA256=${hex}`, `sha1=${hex}`, 'sha256='])
      expect(verdict(scheme, 'secret', withHeader(sent, HEADER, value))).toBe('malformed_header')
  })
})

describe('a timestamp', () => {
  const options = { timestampHeader: 'X-Time', tolerance: 300 }
  const sent = sign(options)

  test.each([
    [300_000, 0],
    [300_001, 'timestamp_too_old'],
    [-300_000, 0],
    [-300_001, 'timestamp_in_future'],
    [86_400_000, 'timestamp_too_old'],
    [-86_400_000, 'timestamp_in_future'],
  ])('%i ms later gives %o', (later, expected) => {
    expect(verdict(make(options), 'secret', sent, NOW + later)).toBe(expected)
  })

  test.each([
    '',
    ' 1700000000',
    '1700000000 ',
    '+1700000000',
    '1.7e9',
    '0x1',
    '-1',
    '1700000000.5',
    '999999999999',
    '１７',
  ])('%o is no time', (value) => {
    const code = verdict(make(options), 'secret', withHeader(sent, 'x-time', value))
    expect(code).toBe(value === '' ? 'missing_header' : 'malformed_header')
  })

  test('is signed', () => {
    const later = withHeader(sent, 'x-time', '1700000001')
    expect(verdict(make(options), 'secret', later)).toBe('signature_mismatch')
  })

  test('of an unsigned delivery says nothing of its age', () => {
    expect(verdict(make(options), 'wrong', sent, NOW + 1e9)).toBe('signature_mismatch')
  })

  test.each([
    ['1700000000', 'timestamp_too_old'],
    ['1700000000000', 'timestamp_too_old'],
    ['2023-11-14T22:13:20Z', 'timestamp_too_old'],
    ['17000000000', 0],
    ['17000000000000', 0],
    ['yesterday', 0],
  ])('of an unknown form is read where its form says enough: %o', (time, expected) => {
    const any = make({ ...options, timestampUnit: 'any' })
    const dated = { ...request(), headers: { 'x-time': time } }
    const signed = any.sign!(dated, any.key('secret'), NOW)
    expect(verdict(any, 'secret', signed, NOW + 300_000)).toBe(0)
    expect(verdict(any, 'secret', signed, NOW + 300_001)).toBe(expected)
  })

  test('can be in milliseconds', () => {
    const ms = { ...options, timestampUnit: 'ms' } as const
    expect(sign(ms).headers['x-time']).toBe(String(NOW))
    expect(verdict(make(ms), 'secret', sign(ms), NOW + 300_001)).toBe('timestamp_too_old')
  })

  test.each([-1, NaN, '300' as never])('cannot have a tolerance of %o', (tolerance) => {
    expect(() => make({ tolerance })).toThrow('tolerance')
  })
})

const mac = (text: string): string => createHmac('sha256', 'secret').update(text).digest('hex')

test('a time of the request is signed as written, where its sender writes dates', () => {
  const dated = { ...request(), headers: { 'x-time': '2023-11-14T22:13:20.123456Z' } }
  const signed = (unit: 's' | 'iso', sent = request()): Record<string, string> =>
    make({ timestampHeader: 'X-Time', timestampUnit: unit }).sign!(sent, Buffer.from('secret'), NOW)
      .headers
  expect(signed('iso', dated)).toEqual({
    'x-time': '2023-11-14T22:13:20.123456Z',
    [HEADER]: mac('2023-11-14T22:13:20.123456Z.{"a":1}'),
  })
  expect(signed('s', dated)).toEqual({
    'x-time': '1700000000',
    [HEADER]: mac('1700000000.{"a":1}'),
  })
  const now = signed('iso')['x-time']!
  expect(Date.parse(now)).toBe(NOW)
})

test('signing without a time writes no other header', () => {
  for (const timestampUnit of ['s', 'iso'] as const) {
    const { headers } = make({ timestampUnit }).sign!(request(), Buffer.from('secret'), NOW)
    expect(headers).toEqual({ ...request().headers, [HEADER]: mac('{"a":1}') })
  }
})

test.each([
  [undefined, '1700000000.{"a":1}'],
  ['v0:{time}:{body}', 'v0:1700000000:{"a":1}'],
])('pairs sign %o', (message, signed) => {
  const scheme = hmac({ ...pairs({ header: HEADER, ...(message !== undefined && { message }) }) })
  const sent = scheme.sign!(request(), Buffer.from('secret'), NOW)
  expect(sent.headers[HEADER]).toBe(`t=1700000000,v1=${mac(signed)}`)
  expect(verdict(scheme, 'secret', sent)).toBe(0)
  const renamed = withHeader(sent, HEADER, (value) => `${value.replace('v1', 'v0')},v1=ab`)
  expect(verdict(scheme, 'secret', renamed)).toBe('signature_mismatch')
})
