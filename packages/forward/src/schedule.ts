import type { RetryPolicy } from '@postern/core'

const MINUTE = 60_000
const HOUR = 3_600_000
const WAITS = [
  5000,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]

/**
 * The schedule Standard Webhooks recommends to senders: ten attempts within about 76 hours, each wait up to a tenth longer so
 * that failures do not come back as one wave.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardSchedule(): RetryPolicy {
  return {
    attempts: WAITS.length + 1,
    delay: (attempt) => WAITS[Math.min(attempt, WAITS.length) - 1]! * (1 + Math.random() / 10),
  }
}
