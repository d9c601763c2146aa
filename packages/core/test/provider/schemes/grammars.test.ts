import { describe, expect, test } from 'vitest'
import { createDelivery, type DeliveryInit } from '../../../src/index.ts'
import { hmac, type Covers, type HmacOptions } from '../../../src/provider/index.ts'
import { NOW, request, verdict } from './sent.ts'

const signatureOf = (options: HmacOptions, secret = 'secret'): string =>
  Object.values(
    hmac({ ...options, header: 'x-only', several: undefined }).sign!(
      { ...request(), headers: {} },
      hmac(options).key(secret),
      NOW,
    ).headers,
  )[0]!

const withHeaders = (headers: Record<string, string>): DeliveryInit => ({ ...request(), headers })

/** Returns the error of `verify`, or its result. */
function rejection(options: HmacOptions, sent: DeliveryInit): unknown {
  try {
    return hmac(options).verify(createDelivery(sent), [hmac(options).key('secret')], NOW)
  } catch (error) {
    return error
  }
}

describe('several signatures', () => {
  const listed: HmacOptions = { header: 'X-Sig', several: ',', prefix: 'v1=' }
  const right = signatureOf(listed)

  test('of one header: one must match, and other versions beside ours do not count', () => {
    const sent = withHeaders({ 'x-sig': `v0=abc, v1=wrong , ${right}` })
    expect(verdict(hmac(listed), 'secret', sent)).toBe(0)
    expect(verdict(hmac(listed), 'other', sent)).toBe('signature_mismatch')
    expect(rejection(listed, withHeaders({ 'x-sig': 'v0=abc' }))).toMatchObject({
      code: 'malformed_header',
      problem: 'wrong_prefix',
      header: 'x-sig',
      expected: 'v1=',
    })
    expect(rejection(listed, withHeaders({ 'x-sig': 'v1=a b' }))).toMatchObject({
      problem: 'several',
      expected: 'v1=',
    })
    expect(
      rejection({ header: 'X-Sig', several: ',' }, withHeaders({ 'x-sig': 'a b' })),
    ).toMatchObject({ problem: 'several', expected: 'one signature' })
  })

  test('of one header are at most twenty', () => {
    const of = (count: number): DeliveryInit =>
      withHeaders({ 'x-sig': [...Array<string>(count - 1).fill('v1=x'), right].join(',') })
    expect(verdict(hmac(listed), 'secret', of(20))).toBe(0)
    expect(rejection(listed, of(21))).toMatchObject({ problem: 'too_many', limit: 20 })
  })

  test('of several headers: those that came count, and one must', () => {
    const either: HmacOptions = { header: ['X-New', 'X-Old'] }
    const signature = signatureOf(either)
    expect(rejection(either, withHeaders({ 'x-old': ` ${signature}` }))).toMatchObject({
      problem: 'several',
    })
    const dated = hmac({ ...either, timestampHeader: 'X-Time' })
    const sent = dated.sign!(request(), dated.key('secret'), NOW)
    expect(verdict(dated, 'secret', sent, NOW + 3_600_000)).toBe('timestamp_too_old')
    expect(verdict(hmac(either), 'secret', withHeaders({ 'x-old': signature }))).toBe(0)
    expect(rejection(either, withHeaders({}))).toMatchObject({
      code: 'missing_header',
      header: 'x-new',
      expected: 'one of X-New, X-Old',
    })
    expect(rejection(listed, withHeaders({}))).not.toHaveProperty('expected')
    const { reads, forms } = hmac(either)
    expect(reads).toEqual(expect.arrayContaining(['x-new', 'x-old']))
    expect(forms).toEqual(['several signatures'])
    expect(hmac(either).present!(createDelivery(withHeaders({ 'x-old': 'a' })))).toBe(true)
    expect(hmac(either).present!(createDelivery(withHeaders({})))).toBe(false)
  })
})

describe('a signature in the query', () => {
  test.each([undefined, 'X-Time'])('is read from there, with the time of %s', (timestampHeader) => {
    const scheme = hmac({ query: 'sig', ...(timestampHeader && { timestampHeader }) })
    const sent = scheme.sign!(request(), scheme.key('secret'), NOW)
    expect(new URL(sent.url).searchParams.has('sig')).toBe(true)
    expect(verdict(scheme, 'secret', sent)).toBe(0)
    expect(verdict(scheme, 'other', sent)).toBe('signature_mismatch')
    const late = timestampHeader ? 'timestamp_too_old' : 0
    expect(verdict(scheme, 'secret', sent, NOW + 3_600_000)).toBe(late)
    expect(scheme.present!(createDelivery(sent))).toBe(true)
    expect(scheme.present!(createDelivery(request()))).toBe(false)
  })
})

test.each<[HmacOptions['message'], Covers]>([
  [undefined, { body: 'bytes', timestamp: true }],
  ['{time}.{body}', { body: 'bytes', timestamp: true }],
  ['{time}', { body: 'none', timestamp: true }],
  [['{time}.{body}', '{time}'], { body: 'none', timestamp: true }],
  [({ body }) => body, { body: 'bytes', timestamp: true }],
])('time and signature in one header, over %s', (message, covers) => {
  const scheme = hmac({ header: 'X-Sig', pairs: { groups: ' ' }, message })
  expect(scheme.covers).toEqual(covers)
  expect(scheme.forms).toContain('groups of signatures')
  const sent = scheme.sign!(request(), scheme.key('secret'), NOW)
  expect(verdict(scheme, 'secret', sent)).toBe(0)
  expect(verdict(scheme, 'other', sent)).toBe('signature_mismatch')
})

test('headers of the message are read, and a key may have two ways', () => {
  const scheme = hmac({
    header: 'X-Sig',
    message: '{header:X-Id}.{lower:header:X-Kind}.{body}',
    keyEncoding: ['utf8', 'hex'],
  })
  expect(scheme.reads).toEqual(expect.arrayContaining(['x-sig', 'X-Id', 'X-Kind']))
  expect(scheme.forms).toEqual(['lower case', 'key in hex'])
  expect(scheme.keysOf!('00ff')).toHaveLength(2)
})
