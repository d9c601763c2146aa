import { describe, expect, test } from 'vitest'
import { encode, fromBase64, fromBase64url, fromHex, toBuffer, utf8 } from '../../src/body/bytes.ts'

const BYTES = Uint8Array.of(0, 1, 0xfb, 0xff, 0xbe)

test.each([
  ['hex', fromHex, '0001fbffbe'],
  ['base64', fromBase64, 'AAH7/74='],
  ['base64url', fromBase64url, 'AAH7_74'],
] as const)('%s is read as it is written', (encoding, from, text) => {
  expect(encode(BYTES, encoding)).toBe(text)
  expect(from(text)).toEqual(Buffer.from(BYTES))
  expect(from('')).toEqual(Buffer.of())
})

describe('another form is none', () => {
  test.each(['0', '000', '0g', 'g0', ' 00', '00 ', '00\n', '0x00'])('hex: %j', (text) => {
    expect(fromHex(text)).toBeUndefined()
  })

  test('hex of either case is', () => {
    expect(fromHex('aAfF09')).toEqual(Buffer.of(0xaa, 0xff, 0x09))
  })

  test.each(['AAH7/74', 'AAH7_74=', 'AAH7/75=', 'AAH7/74=\n', 'A', '='])('base64: %j', (text) => {
    expect(fromBase64(text)).toBeUndefined()
  })

  test.each(['AAH7/74', 'AAH7_74=', 'AAH7_75', ' AAH7_74', 'A'])('base64url: %j', (text) => {
    expect(fromBase64url(text)).toBeUndefined()
  })
})

test('a view stays what it shows, in the same memory', () => {
  const view = BYTES.subarray(1, 3)
  expect(toBuffer(view)).toEqual(Buffer.of(1, 0xfb))
  expect(toBuffer(view).buffer).toBe(BYTES.buffer)
  const buffer = Buffer.of(1)
  expect(toBuffer(buffer)).toBe(buffer)
  expect(toBuffer('é')).toEqual(Buffer.of(0xc3, 0xa9))
  expect(utf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41, 0xff))).toBe('\ufeffA\ufffd')
})
