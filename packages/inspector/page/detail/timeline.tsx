import type { DetailReply, DetailTask } from '../../src/api/detail.ts'
import type { JSX } from 'preact'
import { duration } from '../words/duration.ts'
import { safe } from '../words/safe.ts'
import { runLooks, taskLook } from '../words/state.ts'
import { now } from '../words/time.ts'
import { axisSpan, ticksOf, type AxisSpan } from './time-axis.ts'

/** From the request to the last run: the axis is logarithmic, so that 4 ms stand beside 10 s. A mark opens its run. */
export function Timeline({
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
              {duration(ms)}
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
        <span class={`sign ${look.tone}`} aria-hidden="true">
          {look.sign}
        </span>{' '}
        {safe(part ?? subscription)}
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
    // The tab of attempts has the same for the keyboard.
    <button
      type="button"
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
