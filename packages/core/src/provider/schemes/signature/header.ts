import { createHash } from 'node:crypto'
import type { Delivery } from '../../../delivery.ts'
import { WebhookError } from '../../../errors.ts'
import { messageOf, type ErrorDetails } from '../../../messages.ts'

/**
 * Returns the value of a header that must be present once. Throws `missing_header` if the header is absent or blank.
 * Throws `malformed_header` if the header is repeated, since an attacker must not choose which value counts.
 */
export function singleHeader(delivery: Delivery, name: string): string {
  const lines = delivery.headers(name)
  const value = lines[0]
  if (value === undefined || value.trim() === '')
    throw new WebhookError('missing_header', {
      problem: value === undefined ? 'missing' : 'blank',
      header: name,
    })
  if (lines.length > 1)
    throw new WebhookError('malformed_header', {
      problem: 'repeated',
      header: name,
      got: lines.length,
    })
  return value
}

/** Returns the value of a query parameter that must be present once. Throws as {@link singleHeader} does. */
export function singleParameter(delivery: Delivery, name: string): string {
  const values = delivery.query().getAll(name)
  if (values.length > 1)
    throw new WebhookError('malformed_header', {
      problem: 'repeated',
      parameter: name,
      got: values.length,
    })
  if (!values[0])
    throw new WebhookError('missing_header', {
      problem: values.length === 0 ? 'missing' : 'blank',
      parameter: name,
    })
  return values[0]
}

export type At = Pick<ErrorDetails, 'header' | 'parameter' | 'field'>

export function malformed(
  at: At,
  expected: string,
  problem: 'malformed' | 'several' | 'wrong_prefix' = 'malformed',
): WebhookError {
  return new WebhookError('malformed_header', { problem, ...at, expected })
}

interface Checked {
  /** The delivery whose body was compared. The error message contains the length and digest of this body. */
  readonly delivery?: Delivery
  /** The signed URL. The error message shows it without credentials and query. */
  readonly url?: string | undefined
}

/**
 * Creates a `signature_mismatch` error. Its message, for the log, says what was compared: place of the signature,
 * number of secrets, signed URL, and length and digest of the body.
 */
export function mismatch(at: At, keys: number, checked: Checked = {}): WebhookError {
  const { delivery, url } = checked
  const facts: ErrorDetails = {
    problem: 'differs',
    ...at,
    got: keys,
    ...(delivery && { bytes: delivery.body.byteLength }),
    ...(url !== undefined && { url: urlText(url) }),
  }
  const error = new WebhookError('signature_mismatch', facts)
  if (!delivery) return error
  // The digest is computed on demand, since it costs as much as verifying the body.
  let known: string | undefined
  const digest = (): string => (known ??= digestOf(delivery.body))
  Object.defineProperty(error, 'digest', { configurable: true, enumerable: false, get: digest })
  return withMessage(error, () => messageOf({ ...facts, digest: digest() }))
}

/** Replaces the message of an error: `tell` creates the new message when somebody reads it. */
export function withMessage(error: WebhookError, tell: () => string): WebhookError {
  let told: string | undefined
  return Object.defineProperty(error, 'message', {
    configurable: true,
    get: () => (told ??= tell()),
  })
}

function digestOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 16)
}

function urlText(url: string): string {
  const [, scheme = '', rest = ''] =
    /^([a-z][a-z\d+.-]*:\/\/)?(?:[^/?#@]*@)?([^?#]*)/i.exec(url) ?? []
  return `${scheme}${rest}`.slice(0, 200) + (url.includes('?') ? '?…' : '')
}
