import type { IncomingMessage } from 'node:http'
import { type Limits, WebhookError } from '@postern/core'
import { getRawBody, type RawBodyError } from 'raw-body'

const EMPTY: Uint8Array = new Uint8Array(0)

/**
 * Reads the exact bytes of a request nobody has read from. Refuses with `body_too_large` (at once where
 * `content-length` says so), `body_timeout`, or `body_aborted` where the sender went away.
 */
export function readBody(request: IncomingMessage, limits: Limits): Promise<Uint8Array> {
  // node:http has no deadline of its own below 300 s (requestTimeout).
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      request.pause()
      reject(
        new WebhookError(
          'body_timeout',
          `the body was not complete after limits.time of ${limits.time} ms`,
        ),
      )
    }, limits.time)
    getRawBody(
      request,
      { limit: limits.body, length: request.headers['content-length'] ?? null },
      (error, body) => {
        clearTimeout(timer)
        if (error) reject(refusal(error, request, limits))
        else resolve(body)
      },
    )
  })
}

/** True where the request announces a body. HTTP/2 needs no `content-length` for one. */
export function hasBody(request: IncomingMessage): boolean {
  const { headers } = request
  if (headers['transfer-encoding'] !== undefined) return true
  const length = headers['content-length']
  return length === undefined ? request.httpVersionMajor > 1 : length !== '0'
}

/** The body of a request without one. */
export function emptyBody(): Uint8Array {
  return EMPTY
}

function refusal(error: RawBodyError, request: IncomingMessage, limits: Limits): WebhookError {
  switch (error.type) {
    case 'entity.too.large':
      return new WebhookError(
        'body_too_large',
        error.length !== undefined && error.length > limits.body
          ? `content-length is ${error.length} bytes, limits.body is ${limits.body}`
          : `the body is larger than limits.body of ${limits.body} bytes`,
      )
    case 'request.size.invalid':
      return new WebhookError(
        'body_truncated',
        `the body has ${error.received} bytes, content-length said ${error.expected}`,
      )
    case 'stream.encoding.set':
      return new WebhookError(
        'body_lossy',
        'req.setEncoding() was called, which turns the bytes into text: call it on routes that are no webhooks',
      )
    case 'stream.not.readable':
      return request.readableDidRead
        ? new WebhookError('body_consumed', 'the body was read while the receiver waited for it')
        : aborted(error)
    default:
      return aborted(error)
  }
}

function aborted(cause: unknown): WebhookError {
  return new WebhookError('body_aborted', 'the connection ended before the body was complete', {
    cause,
  })
}
