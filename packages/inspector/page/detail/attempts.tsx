import type { DetailReply, DetailTask, TaskFailure } from '../../src/api/detail.ts'
import type { JSX } from 'preact'
import { hrefHere } from '../data/route.ts'
import { Mark } from '../parts/mark.tsx'
import { counted } from '../words/count.ts'
import { duration } from '../words/duration.ts'
import { safe, safeLines } from '../words/safe.ts'
import { byUrgency, runLooks, taskLook } from '../words/state.ts'
import { clock, exact, iso } from '../words/time.ts'

export function Attempts({ tasks }: { tasks: DetailReply['tasks'] }): JSX.Element {
  if (tasks.length === 0) return <p class="empty">No handler had a task for it.</p>
  return (
    <>
      {tasks.toSorted(byUrgency).map((task) => (
        <TaskRuns key={task.id} task={task} />
      ))}
    </>
  )
}

function TaskRuns({ task }: { task: DetailTask }): JSX.Element {
  const { runs, due, state, error } = task
  return (
    <section class="runs">
      <h3>
        <Mark look={taskLook(task)} />{' '}
        <b>
          {safe(task.subscription)}
          {task.part !== undefined && ` › ${safe(task.part)}`}
        </b>
        {state === 'pending' && due !== undefined && <span class="muted"> due {clock(due)}</span>}
      </h3>
      <Folds task={task} />
      <ol>
        {runs.map((run, at) => (
          <li key={at} id={runId(task.id, at)} tabIndex={-1}>
            <p>
              <Mark look={runLooks[run.outcome]} /> <b>#{run.attempt}</b>{' '}
              <time dateTime={iso(run.startedAt)}>{exact(run.startedAt)}</time>
              {run.duration !== undefined && <span> · {duration(run.duration)}</span>}
              <span class="muted process"> · {safe(run.process)}</span>
            </p>
            {run.error && <ErrorText error={run.error} />}
          </li>
        ))}
      </ol>
      {runs.length === 0 && error && <ErrorText error={error} />}
      {runs.length === 0 && !error && !task.skipped && <p class="muted">It has not run yet.</p>}
    </section>
  )
}

/** Shows what `debounce` did with a task: which task ran instead, and which task a replay runs. */
function Folds({ task }: { task: DetailTask }): JSX.Element | null {
  const { skipped, into, folded } = task
  if (skipped === undefined && folded === 0) return null
  return (
    <p class="muted">
      {into !== undefined && (
        <>
          Folded into <a href={hrefHere({ open: `task:${into}` })}>task {safe(into)}</a>.{' '}
        </>
      )}
      {skipped === 'stale' && 'A newer event of its key had come before. '}
      {skipped !== undefined && 'A replay runs the newest event of its key.'}
      {folded > 0 && `Stands for ${counted(folded, 'earlier event')} of its key.`}
    </p>
  )
}

function ErrorText({ error }: { error: TaskFailure }): JSX.Element {
  return (
    <div class="error">
      <code>
        {error.name !== 'Error' && <b>{safe(error.name)}: </b>}
        {safe(error.message.slice(0, 2000))}
      </code>
      {error.stack !== undefined && (
        <details>
          <summary>stack</summary>
          <pre tabIndex={0}>{safeLines(error.stack.slice(0, 10_000))}</pre>
        </details>
      )}
    </div>
  )
}

export function runId(task: string, at: number): string {
  return `run-${task}-${at}`
}
