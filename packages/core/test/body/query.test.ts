import { expect, test } from 'vitest'
import { queryToObject } from '../../src/body/form.ts'
import { rejection } from './rejection.ts'

test.each([
  ['https://example.com/hook?a=1&b=%C3%A9&a=2#c?d=3', { a: ['1', '2'], b: 'é' }],
  ['/hook?a=b?c', { a: 'b?c' }],
  ['/hook#x?a=1', {}],
  ['/hook?', {}],
  ['/hook', {}],
])('%s', (url, expected) => {
  expect(queryToObject(url, 10)).toEqual(expected)
})

test('the number of fields is bounded', () => {
  expect(rejection(() => queryToObject('/?a&b&c', 2))).toBe('malformed_body')
})
