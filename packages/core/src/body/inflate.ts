import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  type BrotliOptions,
  type ZlibOptions,
} from 'node:zlib'
import { WebhookError } from '../errors.ts'

const TAKEN = 'gzip, deflate, br'
// The largest buffer Node makes, in the range a number of bytes may have for zlib.
const MOST = 2 ** 31 - 1

/**
 * The bytes with their Content-Encoding undone; the same array where there is none. `gzip` (and `x-gzip`), `deflate`
 * with and without the zlib header, `br` and `identity` are taken, one at a time.
 *
 * @param limit - bytes of the result; decompression stops there.
 * @throws WebhookError `unsupported_encoding`, `inflated_too_large`, and `malformed_body` for what is corrupt, cut off
 * or followed by something else.
 */
export function inflate(
  bytes: Uint8Array,
  encoding: string | undefined,
  limit: number,
): Uint8Array {
  const coding = encoding?.trim().toLowerCase() ?? ''
  if (coding === '' || coding === 'identity') return bytes
  const decode = DECODERS.get(coding)
  if (decode === undefined) {
    throw new WebhookError('unsupported_encoding', `the Content-Encoding is not one of ${TAKEN}`, {
      headers: { 'Accept-Encoding': TAKEN },
    })
  }
  // Some senders name their coding on an empty body too.
  if (bytes.length === 0) return bytes
  try {
    return decode(bytes, Math.min(Math.floor(limit), MOST))
  } catch (cause) {
    if (codeOf(cause) === 'ERR_BUFFER_TOO_LARGE') {
      throw new WebhookError(
        'inflated_too_large',
        `the body inflates to more than limits.inflated (${limit} bytes)`,
      )
    }
    throw new WebhookError('malformed_body', `the body is not a whole ${coding} stream`, { cause })
  }
}

type Decode = (bytes: Uint8Array, limit: number) => Uint8Array

const gzip = whole(gunzipSync)
const zlib = whole(inflateSync)
const raw = whole(inflateRawSync)

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', deflate],
  ['br', whole(brotliDecompressSync)],
])

/** `deflate` means the zlib format (RFC 9110, section 8.4.1.2), and some senders leave its header out. */
function deflate(bytes: Uint8Array, limit: number): Uint8Array {
  const [first = 0, second = 0] = bytes
  const hasHeader = (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0
  if (!hasHeader) return raw(bytes, limit)
  try {
    return zlib(bytes, limit)
  } catch (error) {
    if (codeOf(error) !== 'Z_DATA_ERROR') throw error
    // A raw stream may begin with two bytes that look like the header.
    return raw(bytes, limit)
  }
}

/** A decoder that refuses bytes after the end of the stream, which zlib itself ignores. */
function whole(
  decode: (bytes: Uint8Array, options: ZlibOptions & BrotliOptions) => Uint8Array,
): Decode {
  return (bytes, limit) => {
    // With `info` the result is { buffer, engine }, which the types do not know; a runtime that ignores the option
    // gives the buffer itself.
    const result: unknown = decode(bytes, { maxOutputLength: limit, info: true } as ZlibOptions)
    if (result instanceof Uint8Array) return result
    const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } }
    if (engine.bytesWritten < bytes.length)
      throw new Error('bytes follow the end of the compressed stream')
    return buffer
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
