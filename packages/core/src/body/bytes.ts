import { Buffer } from 'node:buffer'
import { WebhookError } from '../errors.ts'

// Workers and Deno have no global Buffer, so this file imports Buffer. Other files of core do not use Buffer.

/** Returns a Buffer over the memory of the bytes, without copying it. A string becomes its UTF-8 bytes. */
export function toBuffer(data: Uint8Array | string): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8')
  if (Buffer.isBuffer(data)) return data
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

/** Returns the bytes as UTF-8 text. Invalid bytes become U+FFFD, and a leading byte order mark is kept. */
export function utf8(bytes: Uint8Array): string {
  return toBuffer(bytes).toString('utf8')
}

export function encode(bytes: Uint8Array, encoding: 'hex' | 'base64' | 'base64url'): string {
  return toBuffer(bytes).toString(encoding)
}

export function concat(parts: readonly Uint8Array[], size?: number): Buffer {
  return Buffer.concat(parts, size)
}

/** Decodes a text to bytes, ignoring characters that are invalid in the encoding. */
export function textBytes(
  text: string,
  encoding: 'hex' | 'base64' | 'base64url' | 'latin1',
): Buffer {
  return Buffer.from(text, encoding)
}

/** Returns the bytes of a hex string; undefined if its length is odd or a character is not a hex digit. */
export function fromHex(text: string): Uint8Array | undefined {
  return /^(?:[0-9a-fA-F]{2})*$/.test(text) ? Buffer.from(text, 'hex') : undefined
}

/** Returns the bytes of a padded, canonical base64 string; undefined for any other string. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** Returns the bytes of an unpadded, canonical base64url string; undefined for any other string. */
export function fromBase64url(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

const decoders = new Map<string, TextDecoder>()

/**
 * Returns the text of the bytes, without a leading byte order mark. Invalid bytes become U+FFFD.
 *
 * @param charset - a label of the WHATWG Encoding Standard; UTF-8 if it is undefined.
 * @throws WebhookError `unsupported_encoding` for an unknown label.
 */
export function decodeText(bytes: Uint8Array, charset: string | undefined): string {
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') {
    const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
    return utf8(marked ? bytes.subarray(3) : bytes)
  }
  // TextDecoder reads `utf-16` as little endian even after a big endian byte order mark, so the mark is checked here.
  if (charset === 'utf-16' && bytes[0] === 0xfe && bytes[1] === 0xff)
    return decoder('utf-16be').decode(bytes)
  return decoder(charset).decode(bytes)
}

function decoder(charset: string): TextDecoder {
  let found = decoders.get(charset)
  if (found === undefined) {
    try {
      found = new TextDecoder(charset)
    } catch (cause) {
      throw new WebhookError(
        'unsupported_encoding',
        { problem: 'unknown_charset', header: 'content-type' },
        { cause },
      )
    }
    // The cache stays small, since TextDecoder accepts only about 200 labels.
    decoders.set(charset, found)
  }
  return found
}
