import { gunzipSync, type ZlibOptions } from 'node:zlib'
import { WebhookError } from '../errors.ts'

// The largest `maxOutputLength` that zlib of Node accepts.
const MOST = 2 ** 31 - 1

/**
 * Decompresses a complete gzip stream.
 *
 * @param limit - bytes of the result; decompression stops there, since zlib works in pieces of 16 KiB.
 * @param option - the option that sets the limit.
 * @throws WebhookError `decompressed_too_large`, and `malformed_body` for a stream that is corrupt, cut off or followed by
 * other bytes.
 */
export function gunzip(
  bytes: Uint8Array,
  limit: number,
  option = 'limits.decompressed',
): Uint8Array {
  try {
    // With `info` the result is { buffer, engine }, which the types omit. A runtime that ignores the option returns the
    // buffer.
    const result: unknown = gunzipSync(bytes, {
      maxOutputLength: Math.min(Math.floor(limit), MOST),
      info: true,
    } as ZlibOptions)
    if (result instanceof Uint8Array) return result
    const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } }
    // zlib ignores bytes after the stream.
    if (engine.bytesWritten < bytes.length)
      throw new Error('bytes follow the end of the compressed stream')
    return buffer
  } catch (cause) {
    if (codeOf(cause) === 'ERR_BUFFER_TOO_LARGE') {
      throw new WebhookError('decompressed_too_large', {
        problem: 'inflated',
        option,
        limit,
      })
    }
    throw new WebhookError('malformed_body', { problem: 'not_gzip' }, { cause })
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
