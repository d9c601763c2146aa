import { gunzipSync, type ZlibOptions } from 'node:zlib'
import { WebhookError } from '../errors.ts'

// The largest `maxOutputLength` that Node's zlib accepts, in bytes.
const MOST = 2 ** 31 - 1

/**
 * Decompresses a complete gzip stream.
 *
 * @param limit - maximum size of the result, in bytes. Decompression stops soon after this size, since zlib works in
 * pieces of 16 KiB.
 * @param option - name of the option that sets `limit`, for the error message.
 * @throws WebhookError `decompressed_too_large` beyond `limit`. `malformed_body` for a stream that is corrupt, cut off
 * or followed by other bytes.
 */
export function gunzip(
  bytes: Uint8Array,
  limit: number,
  option = 'limits.decompressed',
): Uint8Array {
  try {
    // With the option `info`, the result is { buffer, engine }; the types omit this. A runtime that ignores the option
    // returns only the buffer.
    const result: unknown = gunzipSync(bytes, {
      maxOutputLength: Math.min(Math.floor(limit), MOST),
      info: true,
    } as ZlibOptions)
    if (result instanceof Uint8Array) return result
    const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } }
    // zlib ignores bytes after the end of the stream, so this code checks for them.
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
