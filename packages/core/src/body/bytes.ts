import { Buffer } from 'node:buffer'

// The one file of core that touches Buffer. It is imported, not taken from the global scope, since Workers and Deno
// have the module but not the global.

/** The same memory seen as a Buffer, or the UTF-8 bytes of a string. */
export function toBuffer(data: Uint8Array | string): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8')
  if (Buffer.isBuffer(data)) return data
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

/** UTF-8 text of the bytes; what is not UTF-8 becomes U+FFFD and a leading byte order mark is kept. */
export function utf8(bytes: Uint8Array): string {
  return toBuffer(bytes).toString('utf8')
}

/** Bytes in one of the encodings signatures are written in. */
export function encode(bytes: Uint8Array, encoding: 'hex' | 'base64' | 'base64url'): string {
  return toBuffer(bytes).toString(encoding)
}

/** The bytes of several parts, one after another. */
export function concat(parts: readonly Uint8Array[], size?: number): Buffer {
  return Buffer.concat(parts, size)
}

/** The bytes of a text in an encoding; what does not belong to it is passed over. */
export function textBytes(
  text: string,
  encoding: 'hex' | 'base64' | 'base64url' | 'latin1',
): Buffer {
  return Buffer.from(text, encoding)
}

/** The bytes of a hex string; undefined if its length is odd or a character is no hex digit. */
export function fromHex(text: string): Uint8Array | undefined {
  return /^(?:[0-9a-fA-F]{2})*$/.test(text) ? Buffer.from(text, 'hex') : undefined
}

/** The bytes of a padded, canonical base64 string; undefined for any other string. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** The bytes of an unpadded, canonical base64url string; undefined for any other string. */
export function fromBase64url(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
