import { createHash } from 'node:crypto'
import type { Delivery } from '../../../delivery.ts'
import { WebhookError } from '../../../errors.ts'
import { messageOf } from '../../../messages.ts'
import type { ErrorDetails } from '../../../problems.ts'

/**
 * The one line of a header that must be there once. Absent or blank is `missing_header`; repeated is `malformed_header`:
 * an attacker must not choose which of two lines counts.
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

/** The value of a query parameter that must be there once: as strict as {@link singleHeader}. */
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

/** The place in a delivery that a rejection is about. */
export type At = Pick<ErrorDetails, 'header' | 'parameter' | 'field'>

/** A `malformed_header` error that names the place at fault and its expected form. */
export function malformed(at: At, expected: string): WebhookError {
  return new WebhookError('malformed_header', { problem: 'malformed', ...at, expected })
}

/** What a signature was compared over. */
interface Checked {
  /** Its body is told by length and digest. */
  readonly delivery?: Delivery
  /** The URL that is signed, if one is. Credentials and query are not told. */
  readonly url?: string | undefined
}

/**
 * A `signature_mismatch` error that tells what was checked, for the log: the place, the number of secrets, bytes and digest of
 * the body, and the URL if it is signed.
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
  // Made on demand: the digest of a stranger's body costs as much as its verification.
  let known: string | undefined
  const digest = (): string => (known ??= digestOf(delivery.body))
  Object.defineProperty(error, 'digest', { configurable: true, enumerable: false, get: digest })
  return withMessage(error, () => messageOf({ ...facts, digest: digest() }))
}

/** The error with a message that is made when somebody reads it. */
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
