import { expect, test } from 'vitest'
import { parseBody } from '../../src/body/formats.ts'
import { resolveLimits } from '../../src/limits.ts'
import { createDelivery } from '../../src/receive/http-delivery.ts'
import { rejection } from './rejection.ts'

const queryOf = (url: string, fields = 10) => {
  const limits = resolveLimits({ fields })
  return parseBody(createDelivery({ url }, limits, { formats: ['query'] }), false)
}

test.each([
  ['https://example.com/hook?a=1&b=%C3%A9&a=2#c?d=3', { a: ['1', '2'], b: 'é' }],
  ['/hook?a=b?c', { a: 'b?c' }],
  ['/hook#x?a=1', {}],
  ['/hook?', {}],
  ['/hook', {}],
])('%s', (url, value) => {
  expect(queryOf(url)).toEqual({ kind: 'query', value })
})

test('the number of fields is bounded', () => {
  expect(rejection(() => queryOf('/?a&b&c', 2))).toBe('malformed_body')
})
