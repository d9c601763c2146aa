import type { IncomingMessage } from 'node:http'
import { WebhookError } from '@postern/core'
import { emptyBody } from './read-body.ts'

/** The object that holds a parser's result: the request of Express, `ctx.request` of Koa. */
export interface ParsedRequest {
  /** The bytes, as `verify` functions of body parsers and cloud functions keep them; a string if the parser made one. */
  readonly rawBody?: unknown
  readonly body?: unknown
}

/**
 * The exact bytes of a body that other code has read; undefined if the stream is still unread. Rejects with
 * `body_consumed`, with the way out that `remedy` tells, if the bytes are gone. Rejects with `body_altered` if the kept bytes are not
 * those of the wire. A body is never rebuilt from its parsed form.
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
  // Body parsers inflate before they pass the bytes on: a length other than content-length shows it.
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
  // A string has lost its byte order mark and invalid UTF-8. Only content-length can show that.
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
