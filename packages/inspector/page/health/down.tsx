import type { JSX } from 'preact'
import type { LiveFailure } from '../data/live.ts'
import { useStatus } from '../data/status.ts'
import { clock, iso } from '../words/time.ts'

const ENGINES: Readonly<Record<string, string>> = {
  bullmqInbox: 'Redis',
  postgresInbox: 'PostgreSQL',
  sqliteInbox: 'SQLite',
}

/** In place of the sentence: what does not answer, since when, and how old all else is. */
export function Down({
  failure,
  at,
}: {
  failure: LiveFailure
  at: number | undefined
}): JSX.Element {
  const { inbox } = useStatus()
  const who = failure.status >= 500 ? (ENGINES[inbox] ?? 'The inbox') : 'The app'
  const isLimit = failure.status === 429
  return (
    <h1 class="sentence">
      <strong>
        {isLimit ? failure.message : `${who} has not answered since ${clock(failure.since)}.`}
      </strong>{' '}
      {at === undefined ? (
        'Nothing is known of it yet.'
      ) : (
        <span class="as-of">
          All else is as of <time dateTime={iso(at)}>{clock(at)}</time>.
        </span>
      )}
    </h1>
  )
}
