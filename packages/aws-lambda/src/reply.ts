import { STATUS_CODES } from 'node:http'
import type { Reply } from '@postern/core'
import { isAlb, isV2 } from './request.ts'
import type { HttpEvent, HttpResult } from './http-event.ts'

/** The reply as the origin of the request wants it. */
export function replyTo(event: HttpEvent, reply: Reply, method: string): HttpResult {
  const { status, headers = {}, body } = reply
  const isText = typeof body === 'string' || body === undefined
  const result = {
    statusCode: status,
    isBase64Encoded: !isText,
    body: method === 'HEAD' ? '' : isText ? (body ?? '') : Buffer.from(body).toString('base64'),
  }
  // One that sends headers with several values reads no others.
  if (!isV2(event) && event.multiValueHeaders) {
    const multiValueHeaders = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value]]),
    )
    return { ...result, ...descriptionOf(event, status), multiValueHeaders } as HttpResult
  }
  return { ...result, ...descriptionOf(event, status), headers: { ...headers } } as HttpResult
}

function descriptionOf(event: HttpEvent, status: number): { readonly statusDescription?: string } {
  return isAlb(event)
    ? { statusDescription: `${status} ${STATUS_CODES[status] ?? ''}`.trimEnd() }
    : {}
}
