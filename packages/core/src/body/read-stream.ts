import { WebhookError } from '../errors.ts'
import type { Admission } from '../receive/admit.ts'
import { collect } from './read-bounded.ts'

/**
 * Reads a Web stream to its end. If the body exceeds `admission.limit`, throws the error of `admission.tooLarge`. If no
 * memory is left for bodies, throws `overloaded`. After `time` milliseconds, throws `body_timeout`. If the stream
 * fails, throws `body_aborted`. If the stream ends after fewer than `length` bytes, throws `body_truncated`.
 */
export async function readStream(
  stream: ReadableStream<Uint8Array>,
  length: number | undefined,
  time: number,
  admission: Admission,
): Promise<Uint8Array> {
  if (length !== undefined && length > admission.limit) throw admission.tooLarge(length)
  const reader = stream.getReader()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new WebhookError('body_timeout', {
            problem: 'too_slow',
            option: 'limits.bodyTimeout',
            limit: time,
          }),
        ),
      time,
    )
  })
  const dropped = new Promise<never>((_, reject) => admission.onDrop(reject))
  try {
    return await Promise.race([readAll(reader, length, admission), late, dropped])
  } catch (error) {
    if (error instanceof WebhookError && error.code !== 'body_timeout') await discard(reader)
    else reader.cancel().catch(() => {})
    if (error instanceof WebhookError) throw error
    throw new WebhookError('body_aborted', { problem: 'aborted' }, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  length: number | undefined,
  admission: Admission,
): Promise<Uint8Array> {
  const body = await collect(() => reader.read(), admission)
  const size = body.byteLength
  if (length !== undefined && size < length) throw truncated(size, length)
  return body
}

// Limits for reading the rest of a rejected body: bytes, milliseconds in total, milliseconds without a byte.
const BYTES = 1024 * 1024
const TIME = 500
const IDLE = 100

/**
 * Reads and drops the rest of a rejected body for a short time before the reply. Servers close the connection after the
 * reply. A sender that is still writing then would see a connection reset instead of the reply (RFC 9112, section 9.6).
 */
export async function discard(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const end = performance.now() + TIME
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    for (let left = BYTES; left > 0 && performance.now() < end;) {
      const idle = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), IDLE)
      })
      const part = await Promise.race([reader.read(), idle])
      clearTimeout(timer)
      if (!part || part.done) break
      left -= part.value.byteLength
    }
  } catch {
    // The sender has closed the connection.
  }
  reader.cancel().catch(() => {})
}

/**
 * Creates the `body_truncated` error. If Next.js probably cut the body, the error says how to fix this: Next.js cuts
 * bodies at 10 MB if a proxy (middleware) file exists, and reports the cut only on its console.
 */
function truncated(size: number, length: number): WebhookError {
  const next =
    size >= 10 * 1000 * 1000 && length > size
      ? 'Next.js cuts bodies at 10 MB where proxy.ts (middleware) runs; raise experimental.proxyClientMaxBodySize, or exclude this route from the matcher'
      : undefined
  return new WebhookError('body_truncated', {
    problem: 'truncated',
    got: size,
    expected: String(length),
    ...(next !== undefined && { remedy: next }),
  })
}
