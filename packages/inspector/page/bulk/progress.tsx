import type { JSX } from 'preact'
import { job, stopJob, type BulkJob } from '../data/bulk.ts'
import type { EndsReply } from '../../src/api/actions.ts'
import { href } from '../data/route.ts'
import { useStore } from '../data/store.ts'
import { count, counted } from '../words/count.ts'
import { duration } from '../words/duration.ts'

/** How far the change of many tasks is, on every screen, until it is closed. */
export function Progress(): JSX.Element | null {
  const state = useStore(job)
  if (state === undefined) return null
  return (
    <section class="progress" aria-label="Change of many tasks">
      <progress
        max={state.ends ? state.ends.of : state.total}
        value={state.ends ? state.ends.of - state.ends.waiting : state.done}
        aria-label={state.ends ? 'Tasks that have ended' : 'Tasks changed'}
      />
      <p role="status">
        {inWords(state)}
        {state.ends && <Ends state={state} ends={state.ends} />}
      </p>
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

/** What became of them: each number leads to its tasks. */
function Ends({ state, ends }: { state: BulkJob; ends: EndsReply }): JSX.Element {
  const to = (rest: string): string =>
    href({ screen: 'list', receiver: '', q: `action:${state.action}${rest}` })
  const { done, dead, waiting, same, gone } = ends
  const isSame = dead > 0 && same === dead
  const parts = [
    { of: done, words: 'done', link: to(' state:done') },
    { of: waiting, words: 'waiting', link: to(' state:pending') },
    { of: dead, words: `dead again${isSame ? ', same error' : ''}`, link: to(' state:dead') },
    { of: gone, words: 'no longer kept', link: to('') },
  ]
  return (
    <>
      {' '}
      <a href={to('')}>{count(ends.of)} queued</a>
      {parts
        .filter(({ of }) => of > 0)
        .map(({ of, words, link }) => (
          <span key={words}>
            {' · '}
            <a href={link}>
              {count(of)} {words}
            </a>
          </span>
        ))}
      {same !== undefined && same > 0 && !isSame && `, ${count(same)} of them with the same error`}
    </>
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
