import { parseRetryAfter } from '@postern/core'
import type { DestinationAnswer } from './client.ts'

/** The meaning of an answer for its task, by the rules of Standard Webhooks for senders. */
type Verdict =
  | { readonly kind: 'delivered' }
  /** 410: the destination wants no more. */
  | { readonly kind: 'gone' }
  /**
   * Any other answer, redirects too. `sick` if the destination fails, and not only this message;
   * `wait` in milliseconds if the destination asked for a time.
   */
  | { readonly kind: 'failed'; readonly sick: boolean; readonly wait: number | undefined }

/**
 * Judges an answer. `Retry-After` counts with 429, 502, 503 and 504, up to `cap` milliseconds.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function judgeAnswer(
  { status, retryAfter }: DestinationAnswer,
  now: number,
  cap: number,
): Verdict {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  if (status === 410) return { kind: 'gone' }
  const throttled = status === 429 || (status >= 502 && status <= 504)
  const wait = throttled ? parseRetryAfter(retryAfter, now) : undefined
  return {
    kind: 'failed',
    sick: status >= 500 || status === 429 || status === 408,
    wait: wait === undefined ? undefined : Math.min(wait, cap),
  }
}
