import { createHash } from 'node:crypto'
import type { Delivery } from '../../delivery.ts'
import { WebhookError } from '../../errors.ts'

/**
 * The one line of a header that must be there once. Absent or blank is `missing_header`; repeated is `malformed_header`:
 * an attacker must not choose which of two lines counts.
 */
export function singleHeader(delivery: Delivery, name: string): string {
  const lines = delivery.headers(name)
  const value = lines[0]
  if (value === undefined || value.trim() === '')
    throw new WebhookError(
      'missing_header',
      `header ${name} is ${value === undefined ? 'missing' : 'blank'}`,
    )
  if (lines.length > 1)
    throw new WebhookError(
      'malformed_header',
      `header ${name} came ${lines.length} times; it must be there once`,
    )
  return value
}

/** A `malformed_header` error that names the header and its expected form. */
export function malformed(header: string, expected: string): WebhookError {
  return new WebhookError('malformed_header', `header ${header} is not ${expected}`)
}

/** What a signature was compared over, for the text of a refusal. */
export interface Checked {
  /** Its body is told by length and digest. */
  readonly delivery?: Delivery
  /** The URL that is signed, if one is. Credentials and query are not told. */
  readonly url?: string | undefined
}

/**
 * A `signature_mismatch` error that tells what was checked, for the log: header, number of secrets, bytes and digest of
 * the body, and the URL if it is signed.
 */
export function mismatch(header: string, keys: number, checked: Checked = {}): WebhookError {
  const short = `${header} matches none of ${keys} secret${keys === 1 ? '' : 's'}`
  const error = new WebhookError('signature_mismatch', short)
  // Made on demand: the digest of a stranger's body costs as much as its verification.
  return withMessage(error, () => short + overText(checked))
}

/** The error with a message that is made when somebody reads it. */
export function withMessage(error: WebhookError, tell: () => string): WebhookError {
  let told: string | undefined
  return Object.defineProperty(error, 'message', {
    configurable: true,
    get: () => (told ??= tell()),
  })
}

function overText({ delivery, url }: Checked): string {
  const over = [
    ...(delivery ? [bodyText(delivery.body)] : []),
    ...(url === undefined ? [] : [`the URL ${urlText(url)}`]),
  ]
  const what = over.length > 0 ? `, checked over ${over.join(' and ')}` : ''
  const changed = delivery
    ? `, or a body${url === undefined ? '' : ' or URL'} that was changed on its way`
    : ''
  return `${what}: another secret${changed}`
}

// The first digits are enough to compare a body with the one that the sender shows.
function bodyText(body: Uint8Array): string {
  if (body.byteLength === 0) return 'an empty body'
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16)
  return `a body of ${body.byteLength} bytes (SHA-256 ${digest}…)`
}

function urlText(url: string): string {
  const [, scheme = '', rest = ''] =
    /^([a-z][a-z\d+.-]*:\/\/)?(?:[^/?#@]*@)?([^?#]*)/i.exec(url) ?? []
  return `${scheme}${rest}`.slice(0, 200) + (url.includes('?') ? '?…' : '')
}
