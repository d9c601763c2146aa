import type { ListRow as RowData, RowTask } from '../../src/api/list.ts'
import type { JSX } from 'preact'
import { Mark } from '../parts/mark.tsx'
import { memo } from '../parts/memo.ts'
import { count } from '../words/count.ts'
import { duration } from '../words/duration.ts'
import { head, safe, shortId } from '../words/safe.ts'
import { byUrgency, outcomeLook, taskLook } from '../words/state.ts'
import { clock, iso } from '../words/time.ts'

const MOST_TASKS = 5

interface RowProps {
  readonly row: RowData
  readonly at: number
  readonly link: string
  readonly isOpen: boolean
  readonly isGone: boolean
  /** True if times are in UTC. The row is drawn again when it changes. */
  readonly isUtc: boolean
}

/** One delivery: when, from whom, about what, and what became of it. All of it is one link. */
export const Row: (props: RowProps) => JSX.Element = memo(
  ({ row, at, link, isOpen, isGone }: RowProps) => (
    <div
      role="row"
      class={`row${isOpen ? ' open' : ''}${isGone ? ' gone' : ''}`}
      aria-rowindex={at + 2}
      aria-current={isOpen ? 'true' : undefined}
      data-id={row.id}
    >
      <span role="cell" class="time">
        <time dateTime={iso(row.at)}>{clock(row.at)}</time>
      </span>
      <span role="cell" class="receiver">
        {safe(head(row.receiver, 60))}
      </span>
      <span role="cell" class="topic">
        <a href={link}>
          <Topic row={row} />
        </a>
      </span>
      <span role="cell" class="event-id">
        {row.eventId === undefined ? '' : safe(shortId(row.eventId))}
      </span>
      <span role="cell" class="became">
        <Became row={row} />
        {isGone && <span class="unseen">, no longer matches</span>}
      </span>
      <span role="cell" class="took">
        {row.took === undefined ? '' : duration(row.took)}
      </span>
    </div>
  ),
)

/** What it is about; that of a refused one is dimmed, since nobody has verified what it claims. */
function Topic({ row: { topic, claims } }: { row: RowData }): JSX.Element {
  if (topic !== undefined) return <bdi>{safe(head(topic, 120))}</bdi>
  if (claims !== undefined)
    return (
      <span class="muted" title="not verified: anybody can have sent it">
        claims <bdi>{safe(head(claims, 120))}</bdi>
      </span>
    )
  return (
    <span class="muted">
      <span aria-hidden="true">?</span>
      <span class="unseen">unknown topic</span>
    </span>
  )
}

function Became({ row }: { row: RowData }): JSX.Element {
  if (row.tasks.length === 0 || row.outcome === 'duplicate') {
    const outcome = row.outcome ?? 'accepted'
    return (
      <>
        <Mark look={outcomeLook(outcome)}>
          {outcome === 'refused' && row.code !== undefined ? safe(row.code) : undefined}
        </Mark>
        <Why text={outcome === 'refused' ? row.reason : undefined} />
      </>
    )
  }
  const tasks = row.tasks.toSorted(byUrgency)
  const failure = tasks.find((task) => task.failure !== undefined)?.failure
  return (
    <>
      {tasks.slice(0, MOST_TASKS).map((task) => (
        <Task key={task.id} task={task} />
      ))}
      {tasks.length > MOST_TASKS && (
        <span class="muted">and {count(tasks.length - MOST_TASKS)} more</span>
      )}
      <Why text={failure} />
    </>
  )
}

/** Why it was refused, or what its first failure says. */
function Why({ text }: { text: string | undefined }): JSX.Element | null {
  if (text === undefined) return null
  return <span class="why muted">{safe(head(text, 200))}</span>
}

function Task({ task }: { task: RowTask }): JSX.Element {
  const part = task.part === undefined ? '' : ` › ${task.part}`
  return (
    <Mark look={taskLook(task)}>
      <span class="name">
        {safe(head(`${task.subscription}${part}`, 60))}
        {task.attempts > 1 && <span class="muted"> ×{count(task.attempts)}</span>}
      </span>
    </Mark>
  )
}
