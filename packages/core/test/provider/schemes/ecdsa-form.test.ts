import { generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { derToRaw, rawToDer } from '../../../src/provider/schemes/ecdsa.ts'

describe.each([
  ['P-256', 32, 300],
  ['P-384', 48, 60],
  ['P-521', 66, 30],
] as const)('%s', (namedCurve, size, signatures) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve })

  test('both forms are those of node:crypto, whatever zeros and sign bits the numbers begin with', () => {
    // Among 300 signatures, several numbers begin with a zero byte, and half of the numbers have the first bit set.
    // Longer curves get fewer signatures, since they are slow.
    for (let at = 0; at < signatures; at++) {
      const message = Buffer.from(String(at))
      const der = sign('sha256', message, privateKey)
      const raw = derToRaw(der, size)
      expect(raw).toHaveLength(2 * size)
      expect(verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw)).toBe(
        true,
      )
      expect(Buffer.from(rawToDer(raw, size)!).equals(der)).toBe(true)
    }
  })

  test('derToRaw(rawToDer(raw)) is raw', () => {
    const byte = fc.oneof(fc.constantFrom(0, 1, 127, 128, 255), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(fc.array(byte, { minLength: 2 * size, maxLength: 2 * size }), (bytes) => {
        const raw = Uint8Array.from(bytes)
        expect(derToRaw(rawToDer(raw, size)!, size)).toEqual(raw)
      }),
    )
  })

  test('another length has no DER form', () => {
    for (const length of [0, 1, size, 2 * size - 1, 2 * size + 1])
      expect(rawToDer(new Uint8Array(length), size)).toBeUndefined()
  })
})

test('zero is one byte, and 127 bytes have a length of one byte', () => {
  expect([...rawToDer(new Uint8Array(64), 32)!]).toEqual([0x30, 6, 2, 1, 0, 2, 1, 0])
  for (const [zeros, head] of [
    [9, [0x30, 127]],
    [8, [0x30, 0x81, 128]],
  ] as const) {
    const raw = new Uint8Array(132).fill(1)
    raw.fill(0, 66, 66 + zeros)
    const der = rawToDer(raw, 66)!
    expect([...der.subarray(0, head.length)]).toEqual(head)
    expect(derToRaw(der, 66)).toEqual(raw)
  }
})
