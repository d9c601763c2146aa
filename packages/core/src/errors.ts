import { factsOf, messageOf, type ErrorDetails, type Problem } from './messages.ts'
import { maskParameters } from './receive/credentials/places.ts'

/**
 * The HTTP status of each error code, grouped by the step of a delivery that rejects with the code. Codes are stable,
 * since observers, logs and problem replies contain them.
 */
const STATUS = {
  // step: admit
  overloaded: 503,
  method_not_allowed: 405,
  // steps: admit and read
  body_too_large: 413,
  // step: read
  malformed_url: 400,
  body_timeout: 408,
  body_aborted: 400,
  body_truncated: 400,
  body_consumed: 500,
  body_altered: 500,
  // steps: greet and handshake
  wrong_verify_token: 403,
  handshake_rejected: 403,
  // step: verify
  missing_header: 401,
  malformed_header: 401,
  signature_mismatch: 401,
  timestamp_too_old: 401,
  timestamp_in_future: 401,
  unknown_sender: 401,
  secret_unavailable: 503,
  too_complex: 413,
  // step: parse
  malformed_body: 400,
  unsupported_encoding: 415,
  unsupported_media_type: 415,
  decompressed_too_large: 413,
  too_deep: 400,
  // steps: identify and accept
  missing_event_id: 400,
  missing_topic: 400,
  malformed_event: 400,
  unhandled_topic: 404,
  inbox_full: 503,
  inbox_unavailable: 503,
  in_progress: 409,
  handler_failed: 503,
  receiver_closed: 503,
  // step: reply
  replay_detected: 401,
  answer_failed: 500,
  internal_error: 500,
} as const

/** Why a delivery was rejected. */
export type ErrorCode = keyof typeof STATUS

export interface WebhookErrorOptions {
  /** The error that caused this one. */
  readonly cause?: unknown
  /** HTTP status to use instead of the default status of the code. */
  readonly status?: number
  /** Seconds for the `Retry-After` header. The default is 5 if the status is 503, otherwise no header. */
  readonly retryAfter?: number
  /** Response headers for the rejection, such as `WWW-Authenticate` or `Allow`. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * The error of a rejected delivery. Members such as `problem` and `header` state the reason for programs, and `message`
 * states it for people. Only observers and logs get these members: the sender gets only the code.
 *
 * @example
 * throw new WebhookError('missing_header', { problem: 'missing', header: 'acme-signature' })
 */
export class WebhookError extends Error implements ErrorDetails {
  override readonly name = 'WebhookError'
  readonly code: ErrorCode
  readonly problem: Problem
  declare readonly header?: string
  declare readonly parameter?: string
  declare readonly field?: string
  declare readonly option?: string
  declare readonly expected?: string
  declare readonly got?: string | number
  declare readonly limit?: number
  declare readonly seconds?: number
  declare readonly remedy?: string
  declare readonly bytes?: number
  declare readonly digest?: string
  declare readonly url?: string
  declare readonly text?: string
  readonly status: number
  readonly retryAfter: number | undefined
  readonly headers: Readonly<Record<string, string>> | undefined

  /** `about` is the reason as {@link ErrorDetails}, or a message. With a message, `problem` is `other`. */
  constructor(code: ErrorCode, about: ErrorDetails | string, options: WebhookErrorOptions = {}) {
    const given = typeof about === 'string' ? { problem: 'other' as const, text: about } : about
    const facts = withoutCredentials(given)
    super(messageOf(facts), 'cause' in options ? { cause: options.cause } : undefined)
    Object.assign(this, factsOf(facts))
    if (facts.header !== undefined) this.header = facts.header.toLowerCase()
    this.problem = facts.problem
    this.code = code
    this.status = options.status ?? STATUS[code]
    this.retryAfter = options.retryAfter ?? (this.status === 503 ? 5 : undefined)
    this.headers = options.headers
  }
}

// Returns the facts with credentials in query parameters masked, since facts are logged and stored.
function withoutCredentials(facts: ErrorDetails): ErrorDetails {
  const { expected, text, url } = facts
  if (![expected, text, url].some((one) => one?.includes('='))) return facts
  return {
    ...facts,
    ...(expected !== undefined && { expected: maskParameters(expected) }),
    ...(text !== undefined && { text: maskParameters(text) }),
    ...(url !== undefined && { url: maskParameters(url) }),
  }
}

/** Returns true for a {@link WebhookError}, even if another copy of this package created it. */
export function isWebhookError(error: unknown): error is WebhookError {
  return (
    textOf(error, 'name') === 'WebhookError' &&
    textOf(error, 'code') !== undefined &&
    typeof memberOf(error, 'status') === 'number'
  )
}

export function toWebhookError(error: unknown, code: ErrorCode = 'internal_error'): WebhookError {
  if (isWebhookError(error)) return error
  return new WebhookError(code, errorText(error), { cause: error })
}

/** Works as `instanceof`, but returns false for a revoked proxy, for which `instanceof` throws. */
export function isA<T>(thrown: unknown, Class: abstract new (...args: never[]) => T): thrown is T {
  try {
    return thrown instanceof (Class as unknown as abstract new () => T)
  } catch {
    return false
  }
}

/** Returns the message of any thrown value. Never throws, even if the value cannot be converted to a string. */
export function errorText(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error)
  } catch {
    return `a ${typeof error} that has no text`
  }
}

export function textOf(thrown: unknown, member: string): string | undefined {
  const found = memberOf(thrown, member)
  return typeof found === 'string' ? found : undefined
}

/** Returns a member of a thrown value; undefined if it does not exist or reading it throws. */
export function memberOf(thrown: unknown, member: string): unknown {
  try {
    return typeof thrown === 'object' && thrown !== null
      ? (thrown as Record<string, unknown>)[member]
      : undefined
  } catch {
    return undefined
  }
}

/** Part of the error message of an inbox that keeps no tasks. Tools recognize the error by this text. */
export const NO_VIEW = 'cannot list its tasks'
