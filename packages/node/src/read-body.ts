import type { IncomingMessage } from 'node:http'
import { type Limits, WebhookError } from '@postern/core'
import { createDeadlines } from './deadlines.ts'

const EMPTY: Uint8Array = new Uint8Array(0)

const PARSED: Promise<void> = Promise.resolve()

/** Reads the body of a request. */
export type BodyReader = (request: IncomingMessage) => Promise<Uint8Array>

/**
 * Makes the function that reads the exact bytes of a request nobody has read from. It refuses with `body_too_large` (at
 * once where `content-length` says so), `body_timeout`, `body_truncated` where there are fewer or more bytes than
 * `content-length` said, `body_aborted` where the sender went away, `body_consumed` where somebody else began to read,
 * and `body_lossy` where the bytes were made text.
 */
export function createBodyReader(limits: Limits): BodyReader {
  // node:http has no deadline of its own below 300 s (requestTimeout).
  const deadlines = createDeadlines(limits.time)

  return async function readBody(request) {
    // A small body is in the packet of its head, which node:http is still taking apart.
    await PARSED
    const length = lengthOf(request)
    if (length !== undefined && length > limits.body)
      throw stop(request, tooLarge(`content-length is ${length} bytes`, limits))
    if (request.readableEncoding) throw stop(request, lossy())
    if (request.readableDidRead) throw consumed()
    if (!request.readable) throw aborted()
    if (length !== undefined && length === request.readableLength && !request.readableFlowing) {
      const body: Uint8Array | null = request.read()
      if (body !== null) {
        // For its end, and with it the `close` that middleware may wait for.
        request.resume()
        return body
      }
    }
    return collect(request, length)
  }

  // The listeners stay where they are in the end: taking them away costs as much as the rest, and the request goes soon.
  function collect(request: IncomingMessage, length: number | undefined): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      let chunks: Buffer[] = []
      let size = 0
      let open = true
      const deadline = deadlines.start(() => {
        const message = `the body was not complete after limits.time of ${limits.time} ms`
        refuse(new WebhookError('body_timeout', message))
      })
      request.on('data', (chunk: Buffer) => {
        if (!open) return
        size += chunk.byteLength
        if (typeof chunk === 'string') refuse(lossy())
        else if (size > limits.body) refuse(tooLarge('the body is larger', limits))
        else if (length !== undefined && size > length) refuse(truncated(size, length))
        else chunks.push(chunk)
      })
      request.on('end', () => {
        if (!open) return
        if (length !== undefined && size < length) return refuse(truncated(size, length))
        const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)
        close()
        resolve(body)
      })
      request.on('error', broken)
      request.on('close', broken)
      // An app that paused it meant to keep the body for us.
      request.resume()

      function broken(cause?: unknown): void {
        if (open) refuse(aborted(cause))
      }

      function refuse(error: WebhookError): void {
        close()
        reject(stop(request, error))
      }

      function close(): void {
        open = false
        chunks = []
        deadlines.drop(deadline)
      }
    })
  }
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

function lengthOf(request: IncomingMessage): number | undefined {
  const length = Number(request.headers['content-length'] ?? NaN)
  return Number.isNaN(length) ? undefined : length
}

/** Leaves the rest where it is: who answers decides what becomes of it. */
function stop(request: IncomingMessage, error: WebhookError): WebhookError {
  request.pause()
  return error
}

function tooLarge(what: string, limits: Limits): WebhookError {
  return new WebhookError('body_too_large', `${what}, limits.body is ${limits.body} bytes`)
}

function truncated(size: number, length: number): WebhookError {
  return new WebhookError(
    'body_truncated',
    `the body has ${size} bytes, content-length said ${length}`,
  )
}

function lossy(): WebhookError {
  return new WebhookError(
    'body_lossy',
    'req.setEncoding() was called, which turns the bytes into text: call it on routes that are no webhooks',
  )
}

function consumed(): WebhookError {
  return new WebhookError('body_consumed', 'the body was read while the receiver waited for it')
}

function aborted(cause?: unknown): WebhookError {
  return new WebhookError('body_aborted', 'the connection ended before the body was complete', {
    cause,
  })
}
