import { WebhookError } from '../../../errors.ts'

/**
 * How a signed time is written: unix time in seconds (`s`) or milliseconds (`ms`), or a date of RFC 3339 (`iso`; UTC if
 * it names no zone). `any` is for senders whose page does not state the form: 10 digits are seconds, 13 are
 * milliseconds, or the text is an `iso` date. With `any`, the age of any other text is not checked.
 */
export type TimestampUnit = 's' | 'ms' | 'iso' | 'any'

const WRITTEN = {
  s: /^\d{1,11}$/,
  ms: /^\d{1,14}$/,
  iso: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?$/,
} as const

const EXPECTED = {
  s: 'a unix time in seconds',
  ms: 'a unix time in milliseconds',
  iso: 'a date and time such as 2026-01-31T08:00:00Z',
} as const

/**
 * Converts a timestamp to milliseconds since 1970. Throws `malformed_header` for anything except plain decimal digits
 * or a complete date.
 */
export function parseTimestamp(
  text: string,
  header: string,
  unit: Exclude<TimestampUnit, 'any'> = 's',
): number {
  if (!WRITTEN[unit].test(text)) throw notTime(header, unit)
  const time =
    unit === 'iso'
      ? Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`)
      : Number(text) * (unit === 's' ? 1000 : 1)
  // A text can match the pattern without being a date: the month can be 13.
  if (Number.isNaN(time)) throw notTime(header, unit)
  return time
}

export function unitOf(text = ''): Exclude<TimestampUnit, 'any'> | undefined {
  if (/^\d{10}$/.test(text)) return 's'
  if (/^\d{13}$/.test(text)) return 'ms'
  return WRITTEN.iso.test(text) ? 'iso' : undefined
}

function notTime(header: string, unit: keyof typeof WRITTEN): WebhookError {
  return new WebhookError('malformed_header', {
    problem: 'not_a_time',
    header,
    expected: EXPECTED[unit],
  })
}

export function formatTimestamp(time: number, unit?: TimestampUnit): string {
  if (unit === 'iso') return new Date(time).toISOString()
  return String(Math.floor(unit === 'ms' ? time : time / 1000))
}

/**
 * Throws if a time differs from now by more than `tolerance` seconds; a difference of exactly `tolerance` is accepted.
 * Also throws for NaN. `ahead` is the tolerance for times in the future, in seconds.
 */
export function checkTimestamp(
  time: number,
  now: number,
  tolerance: number,
  ahead: number = tolerance,
): void {
  const age = (now - time) / 1000
  if (Number.isNaN(age)) throw new WebhookError('malformed_header', { problem: 'not_a_time' })
  if (age > tolerance)
    throw new WebhookError('timestamp_too_old', {
      problem: 'too_old',
      seconds: Math.round(age),
      limit: tolerance,
    })
  if (-age > ahead)
    throw new WebhookError('timestamp_in_future', {
      problem: 'too_early',
      seconds: Math.round(-age),
      limit: ahead,
    })
}

export function toleranceOption(value: number | undefined, fallback: number): number {
  const tolerance = value ?? fallback
  if (!(typeof tolerance === 'number' && tolerance >= 0))
    throw new TypeError(`tolerance must be a number of seconds, 0 or more, got ${String(value)}`)
  return tolerance
}
