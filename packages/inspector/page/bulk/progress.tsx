import type { JSX } from 'preact'
import { job, stopJob, type BulkJob } from '../data/bulk.ts'
import { useStore } from '../data/store.ts'
import { count, counted } from '../words/count.ts'
import { duration } from '../words/duration.ts'

/** How far the change of many tasks is, on every screen, until it is closed. */
export function Progress(): JSX.Element | null {
  const state = useStore(job)
  if (state === undefined) return null
  return (
    <section class="progress" aria-label="Change of many tasks">
      <progress max={state.total} value={state.done} aria-label="Tasks changed" />
      <p role="status">{inWords(state)}</p>
      {state.phase === 'running' ? (
        <button type="button" onClick={stopJob}>
          Stop
        </button>
      ) : (
        <button type="button" class="quiet" onClick={() => job.set(undefined)}>
          Close
        </button>
      )}
    </section>
  )
}

function inWords({ what, phase, done, total, rate, message }: BulkJob): string {
  const verb = what === 'replay' ? 'set to run again' : 'discarded'
  const sum = `${count(done)} of ${counted(total, 'task')} ${verb}`
  if (phase === 'finished')
    return done === total
      ? `${counted(done, 'task')} ${verb}.`
      : `${sum}; the others had changed before.`
  if (phase === 'stopped') return `Stopped. ${sum}, the rest is as it was.`
  if (phase === 'failed') return `${message} ${sum}, the rest is as it was.`
  const left =
    rate > 0 && total > done ? `, about ${duration(((total - done) / rate) * 1000)} left` : ''
  return `${sum}${left}. Leaving this page stops it.`
}
