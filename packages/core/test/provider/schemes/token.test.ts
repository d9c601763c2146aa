import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { token } from '../../../src/provider/index.ts'
import { NOW, request, verdict, withHeader } from './sent.ts'

const plain = token({ header: 'X-Token' })
const bearer = token({ header: 'Authorization', scheme: 'Bearer' })
const query = token({ query: 'key' })
const member = token({ field: 'auth.key' })

test('verifies what was signed, and no other text', () => {
  const text = fc.stringMatching(/^[!-~]{1,40}$/).filter((each) => !each.includes(','))
  fc.assert(
    fc.property(
      fc.constantFrom(plain, bearer, query, member),
      text,
      text,
      (scheme, secret, other) => {
        const sent = scheme.sign!(request(), secret, NOW)
        expect(verdict(scheme, secret, sent)).toBe(0)
        expect(verdict(scheme, ['x', secret], sent)).toBe(secret === 'x' ? 0 : 1)
        if (other !== secret) expect(verdict(scheme, other, sent)).toBe('signature_mismatch')
      },
    ),
  )
})

test.each([
  ['secret', 0],
  ['SECRET', 'signature_mismatch'],
  ['secre', 'signature_mismatch'],
  ['secret ', 'signature_mismatch'],
  ['', 'missing_header'],
])('a header of %o gives %o', (value, expected) => {
  const sent = withHeader(request(), 'x-token', value)
  expect(verdict(plain, 'secret', sent)).toBe(expected)
})

test('a token that begins with its scheme is none without a blank', () => {
  const sent = withHeader(request(), 'authorization', 'BearerX')
  expect(verdict(bearer, 'BearerX', sent)).toBe('malformed_header')
})

test.each([
  ['Bearer secret', 0],
  ['bearer   secret ', 0],
  ['Basic secret', 'malformed_header'],
  ['secret', 'malformed_header'],
  ['Bearer ', 'malformed_header'],
  ['Bearer secret, Bearer other', 'malformed_header'],
  ['Bearer a b', 'malformed_header'],
  ['Bearer Secret', 'signature_mismatch'],
])('an Authorization of %o gives %o', (value, expected) => {
  expect(verdict(bearer, 'secret', withHeader(request(), 'authorization', value))).toBe(expected)
})

test.each([
  ['auth.key', '{"auth":{"key":"secret"}}', 0],
  ['auth.key', '{"auth":{"key":"Secret"}}', 'signature_mismatch'],
  ['auth.key', '{"auth":{"key":""}}', 'missing_header'],
  ['auth.key', '{"auth":{"key":7}}', 'missing_header'],
  ['auth.key', '{"auth":null}', 'missing_header'],
  ['auth.0', '{"auth":"secret"}', 'missing_header'],
  ['constructor.name', '{}', 'missing_header'],
])('the member %s of %s gives %o', (field, body, expected) => {
  expect(verdict(token({ field }), 'secret', request(body))).toBe(expected)
})

describe('a query parameter', () => {
  test.each([
    ['?key=secret', 0],
    ['?a=1&key=se%63ret', 0],
    ['?key=secret&key=secret', 'malformed_header'],
    ['?key=secret&key=', 'malformed_header'],
    ['?key=', 'missing_header'],
    ['?KEY=secret', 'missing_header'],
    ['#?key=secret', 'missing_header'],
    ['', 'missing_header'],
  ])('of %o gives %o', (search, expected) => {
    const sent = { ...request(), url: `https://example.com/hook${search}` }
    expect(verdict(query, 'secret', sent)).toBe(expected)
  })
})
