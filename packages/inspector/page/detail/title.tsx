import type { DetailReply } from '../../src/api/detail.ts'
import type { JSX } from 'preact'
import { hrefHere } from '../data/route.ts'
import { Id } from '../parts/id.tsx'
import { Mark } from '../parts/mark.tsx'
import { did } from '../words/did.ts'
import { count } from '../words/count.ts'
import { duration } from '../words/duration.ts'
import { head, safe } from '../words/safe.ts'
import { byUrgency, outcomeLook, taskLook, type Look } from '../words/state.ts'
import { clock, exact, iso, isUtc } from '../words/time.ts'

// Actions that are shown, the newest first.
const ACTED = 3

/** What it was, when, and what became of it in one line. */
export function Title({ detail }: { detail: DetailReply }): JSX.Element {
  const { row, scope, origin, reply, repeats } = detail
  return (
    <header class="title">
      <h2>
        <bdi>{row.topic === undefined ? safe(row.receiver) : safe(head(row.topic, 200))}</bdi>
      </h2>
      {row.topic === undefined && row.claims !== undefined && (
        <p class="muted">
          claims to be <bdi>{safe(head(row.claims, 200))}</bdi>, not verified
        </p>
      )}
      {row.eventId !== undefined && <Id id={row.eventId} what="id of the event" />}
      <p>
        {summary(detail).map((look) => (
          <Mark key={look.word} look={look} />
        ))}
        <span class="muted">
          {safe(row.receiver)} · <time dateTime={iso(row.at)}>{exact(row.at)}</time>
          {!isUtc() && <span class="iso"> · {iso(row.at)}</span>}
        </span>
        {detail.tasks.length === 0 && reply !== undefined && (
          <span class="muted">
            {reply.status} after {duration(reply.took)}
          </span>
        )}
        {repeats !== undefined && (
          <a href={hrefHere({ open: `delivery:${repeats.id}`, tab: '' })}>
            repeats the delivery of {clock(repeats.at)}
          </a>
        )}
      </p>
      {detail.acted.slice(0, ACTED).map(({ id, at, what, by }) => (
        <p key={id} class="muted acted">
          {did(what)}
          {by !== undefined && ` by ${safe(by)}`} <time dateTime={iso(at)}>{clock(at)}</time>
        </p>
      ))}
      {detail.acted.length > ACTED && (
        <p class="muted">and {detail.acted.length - ACTED} earlier actions</p>
      )}
      {(scope !== undefined || origin !== undefined) && (
        <p class="muted">
          {scope !== undefined && <>tenant {safe(head(scope, 100))} </>}
          {origin !== undefined && <>edited from {safe(head(origin, 100))}</>}
        </p>
      )}
    </header>
  )
}

/** States with their numbers, the worst first; without tasks, the outcome. */
function summary({ row, tasks }: DetailReply): readonly Look[] {
  if (tasks.length === 0 || (row.outcome !== undefined && row.outcome !== 'accepted'))
    return [outcomeLook(row.outcome ?? 'accepted')]
  const counts = new Map<Look, number>()
  for (const task of tasks.toSorted(byUrgency))
    counts.set(taskLook(task), (counts.get(taskLook(task)) ?? 0) + 1)
  return [...counts].map(([look, of]) => ({ ...look, word: `${count(of)} ${look.word}` }))
}
