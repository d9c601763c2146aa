import type { IncomingMessage } from 'node:http'
import type { Admission } from '@postern/core/internal'
import { WebhookError } from '@postern/core'
import { getRawBody, type RawBodyError } from 'raw-body'
import { createDeadlines } from './deadlines.ts'
import { setImmediate } from 'node:timers'

const EMPTY: Uint8Array = new Uint8Array(0)

const PARSED: Promise<void> = Promise.resolve()

// Bytes. Bodies of this size arrive with their head, and such requests gain from running together. Larger bodies would
// all be in memory together.
const SMALL = 16_384

/** Reads the body of an admitted request. */
export type BodyReader = (request: IncomingMessage, admission: Admission) => Promise<Uint8Array>

/**
 * Creates a function that reads the exact bytes of an unread request, within `time` milliseconds and the admitted size.
 * It rejects with the admission's own rejection, `overloaded` or `body_timeout`. Other rejections are `body_truncated`
 * if the size differs from `content-length`, and `body_aborted` if the sender disconnects. It rejects with
 * `body_consumed` if other code started to read, and `body_altered` if the bytes were decoded to a string.
 */
export function createBodyReader(time: number): BodyReader {
  // node:http itself has only a deadline of 300 s (requestTimeout).
  const deadlines = createDeadlines(time)

  return async function readBody(request, admission) {
    // node:http is still parsing the bytes that arrived with the head.
    await ((lengthOf(request) ?? Infinity) <= SMALL ? together() : PARSED)
    if (request.readableDidRead) throw consumed()
    if (request.readableEncoding) throw lossy()
    return whole(request, admission) ?? collect(request, admission)
  }

  /** Reads a complete body without a listener, a timer or a copy. */
  function whole(request: IncomingMessage, admission: Admission): Uint8Array | undefined {
    const length = request.readableLength
    if (length === 0 || length > admission.limit || length !== lengthOf(request)) return undefined
    if (request.readableFlowing) return undefined
    admission.take(length)
    const body: Uint8Array | null = request.read()
    // Reads to the end, so that the stream emits `close`, which middleware may wait for.
    if (!request.complete) request.resume()
    return body ?? undefined
  }

  function collect(request: IncomingMessage, admission: Admission): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const deadline = deadlines.start(() => {
        request.pause()
        reject(
          new WebhookError('body_timeout', {
            problem: 'too_slow',
            option: 'limits.bodyTimeout',
            limit: time,
          }),
        )
      })
      const stop = (error: unknown): void => {
        request.off('data', count).pause()
        deadlines.drop(deadline)
        reject(error as WebhookError)
      }
      const count = (part: Uint8Array): void => {
        try {
          admission.take(part.byteLength)
        } catch (error) {
          stop(error)
        }
      }
      admission.onDrop(stop)
      request.on('data', count)
      const length = request.headers['content-length'] ?? null
      getRawBody(request, { limit: admission.limit, length }, (error, body) => {
        request.off('data', count)
        deadlines.drop(deadline)
        if (error) reject(rejection(error, request, admission))
        else resolve(body)
      })
      // An app may pause the stream to keep the body for the receiver.
      if (request.isPaused()) request.resume()
    })
  }
}

/** Returns true if the request announces a body. HTTP/2 needs no `content-length`. */
export function hasBody(request: IncomingMessage): boolean {
  const { headers } = request
  if (headers['transfer-encoding'] !== undefined) return true
  const length = headers['content-length']
  return length === undefined ? request.httpVersionMajor > 1 : length !== '0'
}

export function emptyBody(): Uint8Array {
  return EMPTY
}

function lengthOf(request: IncomingMessage): number | undefined {
  const length = Number(request.headers['content-length'] ?? NaN)
  return Number.isNaN(length) ? undefined : length
}

function rejection(
  error: RawBodyError,
  request: IncomingMessage,
  admission: Admission,
): WebhookError {
  switch (error.type) {
    case 'entity.too.large':
      return admission.tooLarge(error.length)
    case 'request.size.invalid':
      return new WebhookError('body_truncated', {
        problem: 'truncated',
        got: error.received ?? 0,
        expected: String(error.expected),
      })
    case 'stream.encoding.set':
      return lossy()
    case 'stream.not.readable':
      return request.readableDidRead ? consumed() : aborted(error)
    default:
      return aborted(error)
  }
}

function lossy(): WebhookError {
  return new WebhookError('body_altered', {
    problem: 'lossy',
    got: 'req.setEncoding() made strings of the bytes',
    remedy: 'call it only on routes that are not webhooks',
  })
}

function consumed(): WebhookError {
  return new WebhookError('body_consumed', { problem: 'consumed' })
}

function aborted(cause: unknown): WebhookError {
  return new WebhookError('body_aborted', { problem: 'aborted' }, { cause })
}

// Maximum number of requests in a group, so that replies do not wait for all.
const MOST = 64

/** Requests that wait for the same turn of the event loop. */
interface Group {
  size: number
  readonly read: Promise<void>
}

let open: Group | undefined

/**
 * Resolves all waiting requests together when the event loop has read its sockets. Requests that arrived together then
 * run one after another, with the code of each step in the CPU's caches. With 64 connections, a request of 1 KB uses
 * two thirds of the CPU time.
 */
function together(): Promise<void> {
  const group = (open ??= gather())
  if (++group.size === MOST) open = undefined
  return group.read
}

function gather(): Group {
  const group: Group = {
    size: 0,
    read: new Promise((resolve) => {
      setImmediate(() => {
        if (open === group) open = undefined
        resolve()
      })
    }),
  }
  return group
}

/** Object that holds a parser's result: the request of Express, `ctx.request` of Koa. */
export interface ParsedRequest {
  /** Bytes, as `verify` functions of body parsers and cloud functions keep them; a string if a parser decoded them. */
  readonly rawBody?: unknown
  readonly body?: unknown
}

/**
 * Returns the exact bytes of a body that other code has read; undefined if the stream is unread. Throws `body_consumed`
 * with the fix of `remedy` if the bytes are lost, and `body_altered` if the kept bytes differ from the wire. A body is
 * never rebuilt from its parsed form.
 */
export function recoverBody<Subject>(
  request: IncomingMessage,
  parsed: ParsedRequest,
  remedy: (subject: Subject) => string,
  subject: Subject,
): Uint8Array | undefined {
  const { rawBody, body } = parsed
  if (rawBody instanceof Uint8Array) return exact(request, rawBody, rawBody.byteLength, 'rawBody')
  if (body instanceof Uint8Array) return exact(request, body, body.byteLength, 'body')
  if (!request.readableDidRead) return request.readableEnded ? emptyBody() : undefined
  const text = typeof rawBody === 'string' ? rawBody : body
  if (typeof text !== 'string')
    throw new WebhookError('body_consumed', { problem: 'consumed', remedy: remedy(subject) })
  return exactText(request, text, typeof rawBody === 'string' ? 'rawBody' : 'body')
}

function exact(
  request: IncomingMessage,
  bytes: Uint8Array,
  size: number,
  property: string,
): Uint8Array {
  const length = request.headers['content-length']
  const encoding = request.headers['content-encoding']
  // Body parsers decompress first. A length other than content-length shows it.
  const wire =
    length === undefined
      ? encoding === undefined || encoding === 'identity'
      : Number(length) === size
  if (wire) return bytes
  throw new WebhookError('body_altered', {
    problem: 'lossy',
    got: `${property} holds ${size} bytes (content-encoding ${encoding ?? 'absent'})`,
    ...(length !== undefined && { expected: length }),
    remedy: 'a body parser changed or decompressed them; mount the receiver before it',
  })
}

function exactText(request: IncomingMessage, text: string, property: string): Uint8Array {
  const length = request.headers['content-length']
  const bytes = Buffer.from(text)
  // A decoded string has lost its byte order mark and invalid UTF-8. Only content-length shows that.
  if (
    request.headers['content-encoding'] === undefined &&
    length !== undefined &&
    Number(length) === bytes.byteLength
  )
    return bytes
  throw new WebhookError('body_altered', {
    problem: 'lossy',
    got: `${property} is a string of ${bytes.byteLength} bytes`,
    ...(length !== undefined && { expected: length }),
    remedy: 'mount the receiver before the body parser, or keep a Buffer in rawBody',
  })
}
