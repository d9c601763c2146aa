import { WebhookError } from '@postern/core'
import { valueOf, type HttpRequest } from './request.ts'
import type { HttpEvent } from './http-event.ts'

/**
 * The bytes of the wire. Refuses with `body_lossy` if the origin turned bytes into text that has another length than
 * `Content-Length`.
 */
export function bodyOf(
  { body, isBase64Encoded }: HttpEvent,
  headers: HttpRequest['headers'],
): Uint8Array {
  if (isBase64Encoded) return Buffer.from(body ?? '', 'base64')
  const bytes = Buffer.from(body ?? '')
  const length = valueOf(headers, 'content-length')
  if (length === undefined || Number(length) === bytes.byteLength) return bytes
  throw new WebhookError('body_lossy', {
    problem: 'lossy',
    got: `the event has a text of ${bytes.byteLength} bytes`,
    expected: length,
    remedy: 'set binaryMediaTypes of the REST API to */*, so that bodies come as base64',
  })
}
