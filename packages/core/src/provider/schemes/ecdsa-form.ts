/**
 * The DER form (RFC 3279, section 2.2.3) of an ECDSA signature in raw form: r and s of `size` bytes each, one after
 * another. Undefined if it has another length.
 */
export function rawToDer(raw: Uint8Array, size: number): Uint8Array | undefined {
  if (raw.length !== 2 * size) return undefined
  const numbers = [...integer(raw.subarray(0, size)), ...integer(raw.subarray(size))]
  const long = numbers.length > 127 ? [0x81] : []
  return Uint8Array.from([SEQUENCE, ...long, numbers.length, ...numbers])
}

/** The raw form, of twice `size` bytes, of an ECDSA signature in the DER form that `node:crypto` writes. */
export function derToRaw(der: Uint8Array, size: number): Uint8Array {
  const raw = new Uint8Array(2 * size)
  let at = der[1] === 0x81 ? 3 : 2
  for (const end of [size, 2 * size]) {
    const length = der[at + 1]!
    const number = der.subarray(at + 2, at + 2 + length)
    // A number whose first bit is set has a zero before it, and can have it if it is as long as the curve.
    const digits = number.subarray(Math.max(0, length - size))
    raw.set(digits, end - digits.length)
    at += 2 + length
  }
  return raw
}

const SEQUENCE = 0x30
const INTEGER = 0x02

/** A number in its shortest form, with a zero before it if it would be negative. */
function integer(bytes: Uint8Array): readonly number[] {
  let first = 0
  while (first < bytes.length - 1 && bytes[first] === 0) first++
  const digits = bytes.subarray(first)
  const sign = digits[0]! > 127 ? [0] : []
  return [INTEGER, sign.length + digits.length, ...sign, ...digits]
}
