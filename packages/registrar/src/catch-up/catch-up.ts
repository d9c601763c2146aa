import type { CaughtUp } from '@postern/core/internal'
import type { Source } from '../source.ts'
import type { Missing } from './result.ts'
import type { CatchUpOptions } from './options.ts'
import { checkStanding, type StandingCatchUp, standBy } from './stand-by.ts'
import { takeRange } from './take-range.ts'
import { workOf } from './work.ts'

/**
 * Gets the events that a receiver missed, once each, oldest first. A source lists the events of a time range through
 * the sender's API. If the source has payloads, the payloads go to `receiver.ingest`. If not, the source asks the
 * sender to deliver each event again. If a call is interrupted, call `catchUp` again. The new call continues where the
 * first call stopped.
 *
 * With the option `on`, the catch-up runs when the app starts or after each silence (a time without deliveries). This
 * continues until the receiver closes, or until you call the returned function. Only one process at a time runs the
 * catch-up.
 *
 * @throws TypeError for wrong options, for a `since` before the inbox's dedupe window, and for payloads whose API
 * version is not the endpoint's
 * @throws WebhookError `in_progress` while another call catches up with the same account, or `receiver_closed` when the
 * receiver closes. Errors of the source are passed on.
 *
 * @example
 * const source = githubEvents({ token, repository: 'octo/hello', url: 'https://app.example/github' })
 * const { accepted, duplicates } = await catchUp(receiver, source, { since: Date.now() - 3_600_000 })
 *
 * @example
 * catchUp(receiver, source, { on: ['start', 'silence'] })
 */
export function catchUp(
  receiver: Missing,
  source: Source,
  options: CatchUpOptions,
): Promise<CaughtUp>
export function catchUp(receiver: Missing, source: Source, options: StandingCatchUp): () => void
export function catchUp(
  receiver: Missing,
  source: Source,
  options: CatchUpOptions | StandingCatchUp,
): Promise<CaughtUp> | (() => void) {
  if (options !== undefined && 'on' in options) {
    const standing = checkStanding(receiver, source, options)
    const work = workOf(receiver)
    const stop = standBy(receiver, source, standing, work)
    return () => {
      stop()
      work.end()
    }
  }
  return once(receiver, source, options)
}

async function once(receiver: Missing, source: Source, options: CatchUpOptions): Promise<CaughtUp> {
  const work = workOf(receiver)
  try {
    return await work.run((closing) => takeRange(receiver, source, options, closing))
  } finally {
    work.end()
  }
}
