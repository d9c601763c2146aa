import type { DetailReply, DetailTask } from '../../src/api/detail.ts'
import type { JSX } from 'preact'
import { Button } from '../parts/button.tsx'
import { useEffect, useRef } from 'preact/hooks'
import { useKeys } from '../data/keys.ts'
import { go, hrefHere, useRoute } from '../data/route.ts'
import { useStatus } from '../data/status.ts'
import { useReply } from '../data/use-reply.ts'
import { Skeleton } from '../parts/skeleton.tsx'
import { Actions } from './actions/actions.tsx'
import { runId } from './attempts.tsx'
import { Part, firstTab, tabsOf } from './parts.tsx'
import { Mark, Sign } from '../parts/mark.tsx'
import { did } from '../words/did.ts'
import { count } from '../words/count.ts'
import { duration } from '../words/duration.ts'
import { head, safe, shortId } from '../words/safe.ts'
import { byUrgency, outcomeLook, taskLook, type Look, runLooks } from '../words/state.ts'
import { clock, exact, iso, isUtc, now } from '../words/time.ts'
import { copyText } from '../data/copy.ts'
import { axisSpan, ticksOf, type AxisSpan } from './time-axis.ts'

export function Detail({ id }: { id: string }): JSX.Element {
  const { tab } = useRoute()
  const { name } = useStatus()
  const [kind = '', ...rest] = id.split(':')
  const known = kind === 'delivery' || kind === 'task'
  const { data, isSlow, failure } = useReply<DetailReply>(known ? kind : '', { id: rest.join(':') })
  const pane = useRef<HTMLElement>(null)
  useEffect(() => pane.current?.scrollTo(0, 0), [id])
  useEffect(() => {
    if (data) document.title = `${data.row.topic ?? data.row.receiver} · ${name}`
  }, [data, name])
  useKeys({
    e: () => {
      if (data?.actions.includes('explain')) go(hrefHere({ tab: 'explain' }), true)
    },
  })

  const openRun = (task: string, at: number): void => {
    go(hrefHere({ tab: 'attempts' }), true)
    requestAnimationFrame(() => {
      const run = document.getElementById(runId(task, at))
      run?.scrollIntoView({ block: 'nearest' })
      run?.focus({ preventScroll: true })
    })
  }
  return (
    <section class="detail" aria-label="Delivery" ref={pane} tabIndex={-1}>
      <a
        class="button quiet back"
        href={hrefHere({ open: '', tab: '' })}
        title="Back to the list (esc)"
      >
        <span class="beside">
          <span aria-hidden="true">✕</span>
          <span class="unseen">Back to the list</span>
        </span>
        <span class="alone">
          <span aria-hidden="true">← </span>Deliveries
        </span>
      </a>
      {data === undefined && isSlow && <Skeleton lines={10} what="the delivery" />}
      {(failure !== undefined || !known) && (
        <p class="empty" role="status">
          {failure?.status === 404 || !known
            ? 'Not found. Done tasks and old history are deleted after their retention period.'
            : failure?.message}
        </p>
      )}
      {data !== undefined && (
        <>
          <Title detail={data} />
          <Actions key={id} detail={data} />
          <Timeline detail={data} openRun={openRun} />
          <Parts detail={data} tab={tab} />
        </>
      )}
    </section>
  )
}

function Parts({ detail, tab }: { detail: DetailReply; tab: string }): JSX.Element {
  const tabs = tabsOf(detail)
  // The first tab is chosen once. Otherwise a task that succeeds would change the tab while the reader looks at it.
  const first = useRef({ id: '', tab: '' })
  if (first.current.id !== detail.row.id)
    first.current = { id: detail.row.id, tab: firstTab(detail) }
  const current = tabs.some(([id]) => id === tab) ? tab : first.current.tab
  return (
    <Tabs tabs={tabs} current={current}>
      <Part tab={current} detail={detail} />
    </Tabs>
  )
}

/** Tabs for the parts of a delivery. Arrow keys switch between the tabs. */
function Tabs({
  tabs,
  current,
  children,
}: {
  tabs: readonly (readonly [id: string, title: string])[]
  current: string
  children: preact.ComponentChildren
}): JSX.Element {
  const press = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(([id]) => id === current)
    const last = tabs.length - 1
    const to = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    const list = event.currentTarget as HTMLElement
    go(hrefHere({ tab: tabs[to]![0] }), true)
    ;(list.children[to] as HTMLElement).focus()
  }
  return (
    <>
      <div role="tablist" aria-label="Parts of the delivery" class="tabs" onKeyDown={press}>
        {tabs.map(([id, title]) => (
          <Button
            key={id}
            role="tab"
            id={`tab-${id}`}
            aria-selected={id === current}
            aria-controls="tab-panel"
            tabIndex={id === current ? 0 : -1}
            onClick={() => go(hrefHere({ tab: id }), true)}
          >
            {title}
          </Button>
        ))}
      </div>
      <div role="tabpanel" id="tab-panel" class="tab-panel" aria-labelledby={`tab-${current}`}>
        {children}
      </div>
    </>
  )
}

// Number of newest actions to show.
const ACTED = 3

function Title({ detail }: { detail: DetailReply }): JSX.Element {
  const { row, tenant, origin, reply, repeats } = detail
  return (
    <header class="title">
      <h2>
        <bdi>{row.topic === undefined ? safe(row.receiver) : safe(head(row.topic, 200))}</bdi>
      </h2>
      {row.topic === undefined && row.claims !== undefined && (
        <p class="muted">
          <span>
            claims to be <bdi>{safe(head(row.claims, 200))}</bdi>, not verified
          </span>
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
      {(tenant !== undefined || origin !== undefined) && (
        <p class="muted">
          {tenant !== undefined && <>tenant {safe(head(tenant, 100))} </>}
          {origin !== undefined && <>edited from {safe(head(origin, 100))}</>}
        </p>
      )}
    </header>
  )
}

/**
 * Returns the states of the tasks with their counts, the most urgent first. Without tasks, returns the outcome of the
 * delivery.
 */
function summary({ row, tasks }: DetailReply): readonly Look[] {
  if (tasks.length === 0 || (row.outcome !== undefined && row.outcome !== 'accepted'))
    return [outcomeLook(row.outcome ?? 'accepted')]
  const counts = new Map<Look, number>()
  for (const task of tasks.toSorted(byUrgency))
    counts.set(taskLook(task), (counts.get(taskLook(task)) ?? 0) + 1)
  return [...counts].map(([look, of]) => ({ ...look, word: `${count(of)} ${look.word}` }))
}

function Id({ id, what = 'id' }: { id: string; what?: string }): JSX.Element {
  return (
    <Button
      class="id"
      title={`${safe(id.slice(0, 400))} · copy`}
      aria-label={`Copy the ${what} ${safe(shortId(id))}`}
      onClick={() => void copyText(id, what)}
    >
      {safe(shortId(id))}
    </Button>
  )
}

/**
 * A time line from the request to the last run. The axis is logarithmic, so that 4 ms and 10 s are both visible. A
 * click on a bar opens its run.
 */
function Timeline({
  detail,
  openRun,
}: {
  detail: DetailReply
  openRun: (task: string, at: number) => void
}): JSX.Element | null {
  const { row, reply, tasks } = detail
  if (tasks.length === 0) return null
  const span = axisSpan(row.at, reply?.took, tasks)
  return (
    <section class="card timeline" aria-label="Timeline">
      {reply !== undefined && (
        <div class="lane">
          <span class="lane-name">reply</span>
          <span class="track">
            <Bar span={span} from={0} to={reply.took} tone={reply.status < 400 ? 'good' : 'warn'} />
          </span>
          <span class="lane-sum">
            <b>{reply.status}</b> · {duration(reply.took)}
          </span>
        </div>
      )}
      <div class="lane ticks" aria-hidden="true">
        <span />
        <span class="track">
          {ticksOf(span).map((ms) => (
            <span key={ms} style={{ left: percent(span.at(ms)) }}>
              {ms === 0 ? '0' : duration(ms)}
            </span>
          ))}
        </span>
        <span />
      </div>
      {tasks.map((task) => (
        <TaskLane key={task.id} task={task} start={row.at} span={span} openRun={openRun} />
      ))}
    </section>
  )
}

function TaskLane({
  task,
  start,
  span,
  openRun,
}: {
  task: DetailTask
  start: number
  span: AxisSpan
  openRun: (task: string, at: number) => void
}): JSX.Element {
  const { runs, due, state, subscription, part } = task
  const last = runs.at(-1)
  const until = last && last.startedAt + (last.duration ?? 0) - start
  const look = taskLook(task)
  return (
    <div class="lane">
      <span class="lane-name">
        <Sign tone={look.tone}>{look.sign}</Sign> {safe(part ?? subscription)}
      </span>
      <span class="track">
        {runs.map((run, at) => {
          const from = run.startedAt - start
          const { word, tone } = runLooks[run.outcome]
          const took = run.duration === undefined ? '' : ` after ${duration(run.duration)}`
          const error = run.error ? `: ${safe(run.error.message.slice(0, 200))}` : ''
          return (
            <Bar
              key={at}
              span={span}
              from={from}
              to={from + (run.duration ?? 0)}
              tone={tone}
              label={`run ${run.attempt} ${word}${took}${error}`}
              open={() => openRun(task.id, at)}
            />
          )
        })}
        {state === 'pending' && due !== undefined && due > start && (
          <span
            class="due"
            title={due > now() ? 'next run' : 'due'}
            style={{ left: percent(span.at(due - start)) }}
          />
        )}
      </span>
      <span class="lane-sum">
        {until === undefined
          ? look.word
          : `${runs.length} × · ${until < 0 ? 'before it came' : duration(until)}`}
      </span>
    </div>
  )
}

function Bar({
  span,
  from,
  to,
  tone,
  label,
  open,
}: {
  span: AxisSpan
  from: number
  to: number
  tone: string
  label?: string
  open?: () => void
}): JSX.Element {
  const style = {
    left: percent(span.at(from)),
    width: `max(4px, ${percent(span.at(to) - span.at(from))})`,
  }
  if (open === undefined) return <span class={`bar ${tone}`} style={style} />
  return (
    // The keyboard skips this button, since the tab Attempts shows the same runs.
    <Button
      class={`bar ${tone}`}
      style={style}
      title={label}
      aria-label={label}
      tabIndex={-1}
      onClick={open}
    />
  )
}

function percent(part: number): string {
  return `${Math.round(part * 1000) / 10}%`
}
