import { WebhookError } from '../../errors.ts'
import { malformed } from './header.ts'

/** Unit of a signed timestamp. */
export type TimestampUnit = 's' | 'ms'

const DIGITS = { s: /^\d{1,11}$/, ms: /^\d{1,14}$/ } as const

/** Milliseconds since 1970 of a timestamp text. Anything but plain decimal digits of that unit is malformed. */
export function parseTimestamp(text: string, header: string, unit: TimestampUnit = 's'): number {
  if (!DIGITS[unit].test(text))
    throw malformed(header, `a unix time in ${unit === 's' ? 'seconds' : 'milliseconds'}`)
  return unit === 's' ? Number(text) * 1000 : Number(text)
}

/** The text of a time in milliseconds since 1970. */
export function formatTimestamp(time: number, unit: TimestampUnit = 's'): string {
  return String(Math.floor(unit === 's' ? time / 1000 : time))
}

/** Refuses what is further than `tolerance` seconds from now, in the past or in the future; exactly that far is taken. */
export function checkTimestamp(time: number, now: number, tolerance: number): void {
  const age = (now - time) / 1000
  if (age > tolerance)
    throw new WebhookError(
      'timestamp_too_old',
      `signed ${Math.round(age)} s ago, more than the tolerance of ${tolerance} s: a replay, a slow queue, or a wrong clock`,
    )
  if (-age > tolerance)
    throw new WebhookError(
      'timestamp_in_future',
      `signed ${Math.round(-age)} s ahead of this clock, more than the tolerance of ${tolerance} s: check the clocks`,
    )
}

/** Checks a `tolerance` option, in seconds. */
export function toleranceOption(value: number | undefined, fallback: number): number {
  const tolerance = value ?? fallback
  if (!(typeof tolerance === 'number' && tolerance >= 0))
    throw new TypeError(`tolerance must be a number of seconds, 0 or more, got ${String(value)}`)
  return tolerance
}
