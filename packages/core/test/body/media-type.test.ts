import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMediaType } from '../../src/body/media-type.ts'

test('an absent header has no type', () => {
  expect(parseMediaType(undefined)).toEqual({ type: '', charset: undefined, boundary: undefined })
  expect(parseMediaType(' ').type).toBe('')
})

test.each([
  ['application/json', 'application/json', undefined, undefined],
  ['Application/JSON; Charset=UTF-8', 'application/json', 'utf-8', undefined],
  ['text/xml;charset="ISO-8859-1"', 'text/xml', 'iso-8859-1', undefined],
  ['multipart/form-data; boundary=----X; charset=utf-8', 'multipart/form-data', 'utf-8', '----X'],
  ['multipart/form-data; boundary="a b;c\\"d"', 'multipart/form-data', undefined, 'a b;c"d'],
  ['application/json, application/json', 'application/json', undefined, undefined],
  ['application/json;', 'application/json', undefined, undefined],
  ['text/plain; x="charset=a"; charset=b; charset=c', 'text/plain', 'b', undefined],
  ['text/plain; charset=', 'text/plain', undefined, undefined],
  ['text/plain; charset=" UTF-8 "', 'text/plain', 'utf-8', undefined],
  ['multipart/form-data; boundary=a"b"', 'multipart/form-data', undefined, 'a"b"'],
  ['multipart/form-data; boundary="ab', 'multipart/form-data', undefined, 'ab'],
])('%s', (header, type, charset, boundary) => {
  expect(parseMediaType(header)).toEqual({ type, charset, boundary })
  expect(parseMediaType(header)).toEqual({ type, charset, boundary })
})

test('any header is read without an error, and the same each time', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom(
          'a',
          '/',
          ';',
          '=',
          ' ',
          '"',
          '\\',
          ',',
          '\t',
          'charset=',
          'boundary=',
        ),
      }),
      (header) => {
        expect(parseMediaType(header)).toEqual(parseMediaType(header))
      },
    ),
  )
})
