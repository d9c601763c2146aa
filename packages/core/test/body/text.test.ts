import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeText } from '../../src/body/bytes.ts'

test('UTF-8 is the default, for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const expected = text.startsWith('\ufeff') ? text.slice(1) : text
      for (const charset of [undefined, 'utf-8', 'utf8']) {
        expect(decodeText(new TextEncoder().encode(text), charset)).toBe(expected)
      }
    }),
  )
})

test('a byte order mark is no part of the text', () => {
  expect(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), undefined)).toBe('a')
  expect(decodeText(Uint8Array.of(0xff, 0xfe, 0x61, 0), 'utf-16le')).toBe('a')
  expect(decodeText(Uint8Array.of(0xfe, 0xff, 0, 0x61), 'utf-16')).toBe('a')
})

test('other charsets', () => {
  expect(decodeText(Uint8Array.of(0xe9, 0x80), 'iso-8859-1')).toBe('é€')
  expect(decodeText(Uint8Array.of(0x83, 0x65), 'shift_jis')).toBe('テ')
})

test('an unknown charset is rejected with 415', () => {
  expect(() => decodeText(Uint8Array.of(0x61), 'klingon')).toThrow(
    expect.objectContaining({
      code: 'unsupported_encoding',
      problem: 'unknown_charset',
      header: 'content-type',
      cause: expect.any(RangeError) as unknown,
    }),
  )
})

test('bytes that are like a mark are text', () => {
  for (const bytes of [
    [0xef, 0xbb, 0x61],
    [0xef, 0x61, 0xbf],
    [0x61, 0xbb, 0xbf],
  ])
    expect(decodeText(Uint8Array.from(bytes), undefined)).toBe(Buffer.from(bytes).toString('utf8'))
  // Only under the label utf-16 does a byte order mark decide the order of the bytes.
  expect(decodeText(Uint8Array.of(0xfe, 0xff, 0, 0x61), 'utf-16le')).toBe('\ufffe\u6100')
  expect(decodeText(Uint8Array.of(0x61, 0xff), 'utf-16')).toBe('\uff61')
  expect(decodeText(Uint8Array.of(0xfe, 0x61), 'utf-16')).toBe('\u61fe')
  expect(decodeText(Uint8Array.of(0x61, 0), 'utf-16')).toBe('a')
  expect(decodeText(Uint8Array.of(0xfe, 0xff), 'iso-8859-1')).toBe('þÿ')
})

test('a mark is dropped, and bytes that are not UTF-8 replaced, under each label of UTF-8', () => {
  for (const charset of [undefined, 'utf-8', 'utf8', 'UTF-8'])
    expect(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff), charset)).toBe('a\ufffd')
})
