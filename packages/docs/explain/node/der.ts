import { Buffer } from './buffer.ts'

/** A value of DER: its tag, its content, and the bytes after it. */
export interface Node {
  readonly tag: number
  readonly body: Uint8Array
  readonly whole: Uint8Array
  readonly end: number
}

/** Reads one value. */
export function read(bytes: Uint8Array, from = 0): Node {
  const tag = bytes[from]!
  let length = bytes[from + 1]!
  let at = from + 2
  if (length & 0x80) {
    const digits = length & 0x7f
    length = 0
    for (let digit = 0; digit < digits; digit++) length = length * 256 + bytes[at++]!
  }
  const end = at + length
  if (!(end <= bytes.length)) throw new Error('DER: a value is longer than the bytes')
  return { tag, body: bytes.subarray(at, end), whole: bytes.subarray(from, end), end }
}

/** Reads the values of a sequence. */
export function list(bytes: Uint8Array): readonly Node[] {
  const found: Node[] = []
  for (let at = 0; at < bytes.length;) {
    const one = read(bytes, at)
    found.push(one)
    at = one.end
  }
  return found
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const big = (bytes: Uint8Array): bigint => BigInt(`0x${hex(bytes) || '0'}`)

/** The label of a PEM text, and its bytes. */
export function pem(text: string): readonly [label: string, der: Uint8Array] {
  const [, label, body] = /-----BEGIN ([A-Z0-9 ]+)-----([^]*?)-----END \1-----/.exec(text) ?? []
  if (label === undefined) throw new Error('PEM: no BEGIN and END')
  return [label, Buffer.from(body!, 'base64')]
}
