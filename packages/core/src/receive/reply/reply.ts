import type { ErrorCode, WebhookError } from '../../errors.ts'

/** The HTTP answer to the provider. */
export interface Reply {
  readonly status: number
  /** Header names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** An empty reply. */
export function emptyReply(status = 200): Reply {
  return { status }
}

/** A `text/plain` reply. */
export function textReply(body: string, status = 200): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body }
}

/** An `application/json` reply. */
export function jsonReply(value: unknown, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

/** A `text/xml` reply, for SOAP acknowledgments and TwiML. */
export function xmlReply(body: string, status = 200): Reply {
  return { status, headers: { 'content-type': 'text/xml; charset=utf-8' }, body }
}

/**
 * The reply to a rejected delivery: `application/problem+json` with the stable code and no detail that helps an
 * attacker (RFC 9457). The full reason goes to observers. A body that was too large or too slow also closes the
 * connection, since node:http would continue reading it (RFC 9110 section 15.5.14); so does a receiver that was closed.
 */
export function problem(error: WebhookError, site: string = SITE): Reply {
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    ...error.headers,
  }
  if (error.retryAfter !== undefined) headers['retry-after'] = String(error.retryAfter)
  if (CLOSING.has(error.code)) headers['connection'] = 'close'
  return {
    status: error.status,
    headers,
    body: JSON.stringify({
      // The page of the code (RFC 9457 section 3.1.1).
      ...(site !== '' && { type: `${site}/errors/${error.code}/` }),
      title: error.code.replaceAll('_', ' '),
      status: error.status,
      code: error.code,
    }),
  }
}

// A keep-alive connection would continue sending to a closed receiver.
const CLOSING: ReadonlySet<ErrorCode> = new Set([
  'body_too_large',
  'body_timeout',
  'receiver_closed',
])

/** True if the result of an `answer` function is a whole {@link Reply}, not a JSON value to wrap. */
export function isReply(value: unknown): value is Reply {
  if (
    typeof value !== 'object' ||
    value === null ||
    !('status' in value) ||
    !Number.isInteger(value.status) ||
    Number(value.status) < 200 ||
    Number(value.status) > 599
  )
    return false
  return Object.keys(value).every((key) => key === 'status' || key === 'headers' || key === 'body')
}

/**
 * The address of the site, without a slash at its end: `postern.site` of the root's package.json, written here by
 * `npm run release -- home`. Empty until there is one.
 */
export const SITE: string = ''
