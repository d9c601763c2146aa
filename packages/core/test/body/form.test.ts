import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formToObject, parseForm } from '../../src/body/form.ts'
import { rejection } from './rejection.ts'

const pairs = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), {
  maxLength: 20,
})

describe('parseForm', () => {
  test('gives back what was written, in order and with repeats', () => {
    fc.assert(
      fc.property(pairs, (fields) => {
        const text = new URLSearchParams(fields).toString()
        expect([...parseForm(text, 20)]).toEqual([...new URLSearchParams(fields)])
      }),
    )
  })

  test('tolerates stray percent signs, empty pairs and a leading question mark', () => {
    expect([...parseForm('a=100%&b=%zz&&c', 10)]).toEqual([
      ['a', '100%'],
      ['b', '%zz'],
      ['c', ''],
    ])
    expect([...parseForm('?a=1', 10)]).toEqual([['?a', '1']])
    expect([...parseForm('', 10)]).toEqual([])
  })

  test('takes hex digits alone after a percent sign, in either case', () => {
    expect(parseForm('a=%41%5a%6A%39%30%fA', 10, 'latin1').get('a')).toBe('AZj90ú')
    for (const text of ['%4', '%', '%1z', '%z1', '%/0', '%0/', '%:0', '%@0', '%G0', '%`0', '%g0'])
      expect(parseForm(`a=${text}`, 10).get('a')).toBe(text)
  })

  test('keeps what is not escaped beside bytes of another charset', () => {
    expect(parseForm('a=é%F6\u0080%F6é', 10, 'windows-1252').get('a')).toBe('éö\u0080öé')
    expect(parseForm('a=é+%F6', 10, 'windows-1252').get('a')).toBe('é ö')
    for (const charset of ['utf-8', 'utf8', undefined])
      expect(parseForm('a=é%C3%B6+ü', 10, charset).get('a')).toBe('éö ü')
  })

  test('says how many fields there may be', () => {
    expect(() => parseForm('a&b', 1)).toThrow(
      expect.objectContaining({
        problem: 'too_many_fields',
        got: 'form or query',
        option: 'limits.fields',
        limit: 1,
      }),
    )
  })

  test('counts the fields before it parses', () => {
    expect(rejection(() => parseForm('a=1&b=2&c=3', 3))).toBeUndefined()
    expect(rejection(() => parseForm('a=1&b=2&c=3', 2))).toBe('malformed_body')
    expect(rejection(() => parseForm('&'.repeat(10_000_000), 1000))).toBe('malformed_body')
  })

  test('decodes escaped bytes of other charsets', () => {
    expect([...parseForm('first_name=J%F6rg+M&x=%80', 10, 'windows-1252')]).toEqual([
      ['first_name', 'Jörg M'],
      ['x', '€'],
    ])
    // In Shift_JIS, the second byte of テ is the letter e, which browsers do not escape.
    expect(parseForm('a=%83e%83X%83g', 10, 'shift_jis').get('a')).toBe('テスト')
    expect(parseForm('a=100%&b=%4', 10, 'iso-8859-1').get('a')).toBe('100%')
    expect(rejection(() => parseForm('a=%80', 10, 'klingon'))).toBe('unsupported_encoding')
  })
})

describe('formToObject', () => {
  test('a repeated field is an array, a single one a text', () => {
    expect(formToObject(parseForm('a=1&b=2&a=3&a=4', 10))).toEqual({ a: ['1', '3', '4'], b: '2' })
  })

  test('loses no value', () => {
    fc.assert(
      fc.property(pairs, (fields) => {
        const params = new URLSearchParams(fields)
        const object = formToObject(params)
        for (const name of params.keys()) {
          if (name === '__proto__') continue
          const values = params.getAll(name)
          expect(object[name]).toEqual(values.length === 1 ? values[0] : values)
        }
      }),
    )
  })

  test('names of Object.prototype are fields like any other, and __proto__ is left out', () => {
    const object = formToObject(
      parseForm('__proto__=a&__proto__=b&constructor=1&toString=2&toString=3', 10),
    )
    expect(Object.entries(object)).toEqual([
      ['constructor', '1'],
      ['toString', ['2', '3']],
    ])
    expect(Object.getPrototypeOf(Object.assign({}, object))).toBe(Object.prototype)
  })
})
