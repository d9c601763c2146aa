/** One element of DER (X.690): its tag, its content, and all of its bytes. */
interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
  readonly bytes: Uint8Array
}

/** The elements that follow one another in bytes. Throws a `RangeError` if a length is not that of DER. */
export function derElements(bytes: Uint8Array): readonly DerElement[] {
  const found: DerElement[] = []
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at]!
    let length = bytes[at + 1] ?? 0x80
    let start = at + 2
    if (length >= 0x80) {
      const more = length & 0x7f
      if (more === 0 || more > 3) throw new RangeError('a length of DER must have at most 3 bytes')
      length = 0
      for (let digit = 0; digit < more; digit++) length = length * 256 + (bytes[start++] ?? 0)
    }
    const end = start + length
    if (end > bytes.length) throw new RangeError('an element of DER is longer than its bytes')
    found.push({ tag, content: bytes.subarray(start, end), bytes: bytes.subarray(at, end) })
    at = end
  }
  return found
}

/** The first element, or a `RangeError`. */
export function derElement(bytes: Uint8Array): DerElement {
  const [first] = derElements(bytes)
  if (!first) throw new RangeError('an element of DER is missing')
  return first
}
