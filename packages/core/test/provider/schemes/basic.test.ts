import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDelivery } from '../../../src/index.ts'
import { basic } from '../../../src/provider/index.ts'
import { lenientBase64, NOW, request, verdict, withHeader } from './sent.ts'

const scheme = basic({ realm: 'hooks' })
const given = (value: string | readonly string[]): ReturnType<typeof withHeader> =>
  withHeader(request(), 'authorization', value)
const encoded = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

test('verifies what was signed, and no other credentials', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((each) => each.trim() !== '')
  const user = text.filter((each) => !each.includes(':'))
  fc.assert(
    fc.property(user, text, text, (name, password, other) => {
      const templates = /^<.*>$|^\$?\{.*\}$|\.\.\.$|…$|[\r\n]|^(undefined|null)$/i
      fc.pre(!templates.test(password) && !templates.test(other))
      const secret = `${name}:${password}`
      const sent = scheme.sign!(request(), scheme.key(secret), NOW)
      expect(verdict(scheme, secret, sent)).toBe(0)
      if (other !== password)
        expect(verdict(scheme, `${name}:${other}`, sent)).toBe('signature_mismatch')
    }),
  )
})

test.each([
  [encoded('user:pass:word'), 0],
  [encoded('user:pass:word').replace('Basic', 'bAsIc '), 0],
  [encoded('user:pass'), 'signature_mismatch'],
  [encoded('user'), 'malformed_header'],
  [encoded(''), 'malformed_header'],
  ['Bearer abc', 'malformed_header'],
  ['', 'missing_header'],
  [`${encoded('user:pass:word')}, Basic x`, 'malformed_header'],
])('%o gives %o', (value, expected) => {
  expect(verdict(scheme, 'user:pass:word', given(value))).toBe(expected)
})

test('base64 is taken in canonical form only', () => {
  const [, value] = encoded('user:pass:word').split(' ')
  for (const text of lenientBase64(value!))
    expect(verdict(scheme, 'user:pass:word', given(`Basic ${text}`))).not.toBe(0)
})

test('a rejection asks for credentials', () => {
  for (const sent of [request(), given(encoded('user:wrong'))]) {
    expect(() => scheme.verify(createDelivery(sent), ['user:pass'], NOW)).toThrow(
      expect.objectContaining({
        headers: { 'www-authenticate': 'Basic realm="hooks", charset="UTF-8"' },
      }),
    )
  }
})

test.each(['user', ':', ' : ', 'user: ', 'user:<password>', 'user:${PASSWORD}'])(
  'credentials that hold no secret are rejected: %o',
  (secret) => {
    expect(() => scheme.key(secret)).toThrow(TypeError)
  },
)

test('an API key in place of the user needs no password', () => {
  const key = scheme.key('key_0123456789:')
  expect(verdict(scheme, key, scheme.sign!(request(), key, NOW))).toBe(0)
  expect(() => scheme.key('<api-key>:')).toThrow('what Basic credentials hold')
})
