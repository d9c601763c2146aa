import type { CaughtUp } from '@postern/core/internal'
import type { Source } from '../source.ts'
import type { Missing } from './result.ts'
import type { CatchUpOptions } from './options.ts'
import { checkStanding, type StandingCatchUp } from './standing.ts'
import { standBy } from './stand-by.ts'
import { takeRange } from './take-range.ts'
import { workOf } from './work.ts'

/**
 * Fetches what a receiver missed: takes what a source lists in a range, oldest first, each event once. Payloads enter by
 * `receiver.ingest`; a sender that delivers again is asked for that. A call that was cut off is made again, and continues where it
 * stopped.
 *
 * With `on` it does so by itself, at start and after a silence, until the receiver closes. Several processes do not run it at
 * once. The function that it then returns ends it before.
 *
 * @throws TypeError for wrong options, a `since` beyond the inbox's window, and payloads in another version; WebhookError
 * `in_progress` while another call catches up with the same account, `receiver_closed` when the receiver closes; what the source
 * throws.
 *
 * @example
 * const source = githubEvents({ token, repository: 'octo/hello', url: 'https://app.example/github' })
 * const { taken, duplicates } = await catchUp(receiver, source, { since: Date.now() - 3_600_000 })
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
