import { type JSX, type RefObject, Component, createElement, type ComponentType } from 'preact'
import { useEffect, useLayoutEffect, useState } from 'preact/hooks'
import { hrefHere, useRoute } from '../data/route.ts'
import { useMedia } from '../parts/use-media.ts'
import { clock, isUtc, iso, now } from '../words/time.ts'
import { hasTasks, type Chosen } from './chosen.tsx'
import type { Loaded } from './loaded.ts'
import type { ListRow as RowData, RowTask } from '../../src/api/list.ts'
import { Mark } from '../parts/mark.tsx'
import { count } from '../words/count.ts'
import { duration } from '../words/duration.ts'
import { head, safe, shortId } from '../words/safe.ts'
import { byUrgency, outcomeLook, taskLook } from '../words/state.ts'

/** Number of rows to draw above and below the visible ones. */
const BEYOND = 12

/**
 * The visible rows, in a container that is as high as all rows together. So a list of a million rows draws only about
 * fifty.
 */
export function Rows({
  loaded,
  chosen,
  scroller,
  isComplete,
}: {
  loaded: Loaded
  chosen: Chosen
  scroller: RefObject<HTMLDivElement | null>
  isComplete: boolean
}): JSX.Element {
  const { open } = useRoute()
  const height = useRowHeight()
  const { top, seen } = useScroll(scroller, height)
  const { rows, gone } = loaded
  const from = Math.max(0, Math.min(top - BEYOND, rows.length - seen))
  const to = Math.min(rows.length, top + seen + BEYOND)
  const utc = isUtc()
  const able = rows.filter(hasTasks)
  const hasBoxes = chosen.isOffered && able.length > 0
  return (
    <div
      role="table"
      aria-label="Deliveries"
      aria-rowcount={isComplete ? rows.length + 1 : -1}
      style={{
        '--receiver': `${Math.min(20, Math.max(10, ...rows.map(({ receiver }) => receiver.length + 1)))}ch`,
      }}
      class={`rows${rows.some(({ at }) => clock(at).length > 8) ? ' dated' : ''}${hasBoxes ? ' boxes' : ''}`}
    >
      <div role="rowgroup" class="row-head">
        <div role="row" class="row" aria-rowindex={1}>
          {hasBoxes && (
            <Box
              role="columnheader"
              label="Choose all rows"
              isChosen={chosen.rows.size > 0 && able.every(({ id }) => chosen.rows.has(id))}
              isPartly={chosen.rows.size > 0}
              toggle={chosen.toggleLoaded}
            />
          )}
          {HEADS.map(([name, title]) => (
            <span key={name} role="columnheader" class={name}>
              {title}
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup" style={{ height: `${rows.length * height}px`, position: 'relative' }}>
        <div
          role="presentation"
          class="seen"
          style={{ transform: `translateY(${from * height}px)` }}
        >
          {rows.slice(from, to).map((row, at) => (
            <Row
              key={row.id}
              row={row}
              at={from + at}
              link={hrefHere({ open: row.id, tab: '' })}
              isOpen={row.id === open}
              isGone={gone.has(row.id)}
              isUtc={utc}
              hasBox={hasBoxes}
              isChosen={chosen.rows.has(row.id)}
              toggle={chosen.toggle}
            />
          ))}
        </div>
      </div>
    </div>
  )
}

const HEADS = [
  ['time', 'Time'],
  ['receiver', 'Receiver'],
  ['topic', 'Topic'],
  ['event-id', 'Id'],
  ['became', 'Outcome'],
  ['took', 'Reply'],
] as const

/** Returns the height of a row in pixels, as in the stylesheet. On a phone, a row has two lines. */
export function useRowHeight(): number {
  return useMedia('(max-width: 719px)') ? 56 : 32
}

function useScroll(
  scroller: RefObject<HTMLDivElement | null>,
  height: number,
): { top: number; seen: number } {
  const [place, setPlace] = useState({ top: 0, seen: 60 })
  const measure = (): void => {
    const element = scroller.current
    if (element === null) return
    // Rounded to four rows, so that most scroll events draw nothing.
    const top = Math.floor(element.scrollTop / height / 4) * 4
    const seen = Math.ceil(element.clientHeight / height) + 4
    setPlace((old) => (old.top === top && old.seen === seen ? old : { top, seen }))
  }
  useLayoutEffect(measure, [height])
  useEffect(() => {
    const element = scroller.current!
    const watch = new ResizeObserver(measure)
    watch.observe(element)
    element.addEventListener('scroll', measure, { passive: true })
    return () => {
      watch.disconnect()
      element.removeEventListener('scroll', measure)
    }
  }, [height])
  return place
}

/** Renders a component again only if one of its properties changed. */
function memo<Props extends object>(
  drawn: (props: Props) => JSX.Element,
): (props: Props) => JSX.Element {
  class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const before = this.props as Props
      return (Object.keys(next) as (keyof Props)[]).some((name) => next[name] !== before[name])
    }

    override render(props: Props): JSX.Element {
      return drawn(props)
    }
  }
  return (props) => createElement(Memo as unknown as ComponentType<Props>, props)
}

const MOST_TASKS = 5

interface RowProps {
  readonly row: RowData
  readonly at: number
  readonly link: string
  readonly isOpen: boolean
  readonly isGone: boolean
  /** True if times are in UTC. This property makes a row render again when the setting changes. */
  readonly isUtc: boolean
  readonly hasBox: boolean
  readonly isChosen: boolean
  readonly toggle: Chosen['toggle']
}

/** A checkbox that chooses a row. Its label is larger, for fingers. */
function Box({
  role,
  label,
  isChosen,
  isPartly = false,
  toggle,
}: {
  role: 'cell' | 'columnheader'
  label: string
  isChosen: boolean
  isPartly?: boolean
  toggle: (isRange: boolean) => void
}): JSX.Element {
  return (
    <span role={role} class="box">
      <label>
        <input
          type="checkbox"
          aria-label={label}
          checked={isChosen}
          indeterminate={isPartly && !isChosen}
          onClick={(event) => toggle(event.shiftKey)}
        />
      </label>
    </span>
  )
}

/** A row of one delivery. The whole row is one link. */
const Row: (props: RowProps) => JSX.Element = memo(
  ({ row, at, link, isOpen, isGone, hasBox, isChosen, toggle }: RowProps) => (
    <div
      role="row"
      class={`row${isOpen ? ' open' : ''}${isGone ? ' gone' : ''}${isChosen ? ' chosen' : ''}`}
      aria-rowindex={at + 2}
      aria-current={isOpen ? 'true' : undefined}
      data-id={row.id}
    >
      {hasBox &&
        (hasTasks(row) ? (
          <Box
            role="cell"
            label={`Choose ${safe(head(row.topic ?? row.receiver, 60))} ${row.eventId === undefined ? '' : safe(shortId(row.eventId))}`}
            isChosen={isChosen}
            toggle={(isRange) => toggle(row.id, isRange)}
          />
        ) : (
          <span role="cell" class="box" />
        ))}
      <span role="cell" class="time">
        <time dateTime={iso(row.at)}>{clock(row.at)}</time>
      </span>
      <span role="cell" class="receiver">
        {safe(head(row.receiver, 60))}
      </span>
      <span role="cell" class="topic">
        <a href={link}>
          <Topic row={row} />
          {row.field !== undefined && (
            <span class="field">
              {' '}
              <bdi>{safe(row.field)}</bdi>
            </span>
          )}
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

/** The topic of a row. A topic that a rejected delivery claims is dimmed, since it is unverified. */
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
          {outcome === 'rejected' && row.code !== undefined ? safe(row.code) : undefined}
        </Mark>
        <Why text={outcome === 'rejected' ? row.reason : undefined} />
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

/** The reason of a rejection, or the first error of a task. */
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
        {task.state === 'pending' && task.due !== undefined && task.due > now() && (
          <span class="muted"> next {clock(task.due)}</span>
        )}
      </span>
    </Mark>
  )
}
