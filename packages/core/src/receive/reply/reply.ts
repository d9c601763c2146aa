import { wrongOption } from '../../basics/unknown-options.ts'
import type { ErrorCode, WebhookError } from '../../errors.ts'

/** The HTTP response to the sender. */
export interface Reply {
  readonly status: number
  /** Header names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** Creates an empty reply. */
export function emptyReply(status = 200): Reply {
  return { status }
}

/** Creates a `text/plain` reply. */
export function textReply(body: string, status = 200): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body }
}

/** Creates an `application/json` reply. */
export function jsonReply(value: unknown, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

/** Creates a `text/xml` reply, for SOAP acknowledgments and TwiML. */
export function xmlReply(body: string, status = 200): Reply {
  return { status, headers: { 'content-type': 'text/xml; charset=utf-8' }, body }
}

/**
 * Creates the reply to a rejected delivery: `application/problem+json` (RFC 9457) with the stable code and no detail
 * that helps an attacker. Observers get the full reason. If the receiver is closed, or the body is too large or too
 * slow, the reply closes the connection. Otherwise node:http would continue to read the body (RFC 9110, section
 * 15.5.14).
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
      // The URL of the page about this code (RFC 9457, section 3.1.1).
      ...(site !== '' && { type: `${site}/errors/${error.code}/` }),
      title: error.code.replaceAll('_', ' '),
      status: error.status,
      code: error.code,
    }),
  }
}

// Codes whose reply closes the connection. For `receiver_closed`: on a connection that stays open, the sender would
// continue to send to the closed receiver.
const CLOSING: ReadonlySet<ErrorCode> = new Set([
  'body_too_large',
  'body_timeout',
  'receiver_closed',
])

/** Returns true if the result of an `answer` function is a complete {@link Reply}, not a JSON value to wrap. */
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
 * URL of the documentation site; empty if there is none. `npm run release -- home` writes the URL here from the
 * package.json of the repository.
 */
export const SITE: string = ''

/** Status of the reply to an accepted delivery: 200, 202 or 204, or a redirect. */
export type AckOption =
  | 200
  | 202
  | 204
  | { readonly status: 200 | 202 | 204 }
  | { readonly status: 302; readonly location: string }

const EXPECTED = '200, 202, 204, or 302 with a location'

/**
 * Returns the reply to an accepted delivery. Throws a `TypeError` for a wrong status, or for a redirect that the sender
 * would count as a failure.
 */
export function ackReply(
  option: AckOption | undefined,
  provider: { readonly name: string; readonly failsOnRedirect?: boolean },
): Reply {
  const ack = typeof option === 'object' ? option : { status: option ?? 200 }
  if (ack.status !== 302) {
    if (![200, 202, 204].includes(ack.status)) throw wrongOption('ack', EXPECTED, ack.status)
    return emptyReply(ack.status)
  }
  if (provider.failsOnRedirect)
    throw wrongOption(
      'ack',
      '200, 202 or 204',
      302,
      `${provider.name} counts a redirect as a failure`,
    )
  if (!('location' in ack) || !ack.location) throw wrongOption('ack', EXPECTED, '302 without one')
  return { status: 302, headers: { location: ack.location } }
}

/** Converts a reply to a `Response`. The body is left out if HTTP allows no body (HEAD, 204, 304). */
export function toResponse(reply: Reply, method: string): Response {
  const empty = method === 'HEAD' || reply.status === 204 || reply.status === 304
  return new Response(empty ? null : ((reply.body ?? null) as BodyInit | null), {
    status: reply.status,
    headers: { ...reply.headers },
  })
}
