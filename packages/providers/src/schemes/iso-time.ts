import { type Delivery } from '@postern/core'
import { checkTimestamp, malformed, singleHeader } from '@postern/core/scheme'

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/**
 * Checks a signed time that is written as a date (RFC 3339) against the clock.
 *
 * @param now - milliseconds since 1970.
 * @param tolerance - seconds, in the past and in the future.
 * @throws WebhookError as the checks of numeric times do.
 */
export function checkIsoTime(
  delivery: Delivery,
  header: string,
  now: number,
  tolerance: number,
): void {
  const text = singleHeader(delivery, header)
  const time = ISO_TIME.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw malformed(header, 'a date and time such as 2026-01-31T08:00:00Z')
  checkTimestamp(time, now, tolerance)
}
