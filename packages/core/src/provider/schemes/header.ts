import type { Delivery } from '../../delivery.ts'
import { WebhookError } from '../../errors.ts'

/**
 * The one line of a header that must be there once. Absent or blank is `missing_header`; repeated is `malformed_header`,
 * since which of two lines counts is what an attacker would like to choose.
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

/** A `malformed_header` error that says what was expected of which header. */
export function malformed(header: string, expected: string): WebhookError {
  return new WebhookError('malformed_header', `header ${header} is not ${expected}`)
}

/** A `signature_mismatch` error with the causes that are met most, for the log. */
export function mismatch(header: string, keys: number): WebhookError {
  return new WebhookError(
    'signature_mismatch',
    `${header} matches none of ${keys} secret${keys === 1 ? '' : 's'}: another secret, or a body (or URL) that was changed on its way`,
  )
}
