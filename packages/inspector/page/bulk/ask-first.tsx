import type { JSX } from 'preact'
import { QuietButton } from '../parts/button.tsx'
import { useEffect, useRef, useState } from 'preact/hooks'
import { AskFailure } from '../data/ask.ts'
import {
  RATES,
  countMatches,
  job,
  startJob,
  type BulkCount,
  type Filter,
  type What,
  type Which,
} from '../data/bulk.ts'
import { useStatus } from '../data/status.ts'
import { useStore } from '../data/store.ts'
import { count, counted as inWords } from '../words/count.ts'
import { useForm } from '../parts/use-form.ts'
import { duration } from '../words/duration.ts'

/** A form that counts the matching tasks, says what will happen to them, and asks for confirmation. */
export function AskFirst({
  what,
  which,
  close,
  started,
}: {
  what: What
  which: Which
  close: () => void
  started?: () => void
}): JSX.Element {
  const { filter } = which
  const [sum, setSum] = useState(0)
  const [counted, setCounted] = useState<BulkCount | undefined>()
  const [failure, setFailure] = useState('')
  const [rate, setRate] = useState<number>(10)
  const isBusy = useStore(job)?.phase === 'running'
  const go = useRef<HTMLButtonElement>(null)
  const form = useForm<HTMLDivElement>(close)

  useEffect(() => {
    const stop = new AbortController()
    countMatches(what, which, stop.signal, setSum).then(setCounted, (error: unknown) => {
      if (error instanceof AskFailure) setFailure(error.message)
    })
    return () => stop.abort()
  }, [what, JSON.stringify(which)])
  useEffect(() => {
    if (counted !== undefined) go.current?.focus()
  }, [counted])

  const start = (): void => {
    void startJob(what, which, counted!, what === 'replay' ? rate : 0)
    close()
    started?.()
  }
  const isRun = what === 'replay'
  return (
    <div
      ref={form}
      tabIndex={-1}
      class="ask-first"
      role="group"
      aria-label={isRun ? 'Run again' : 'Delete'}
    >
      <p role="status">
        {failure !== '' && failure}
        {failure === '' && counted === undefined && `Counting … ${count(sum)} so far.`}
        {counted !== undefined && counted.count === 0 && 'No task matches any more.'}
        {counted !== undefined && counted.count > 0 && (
          <Sentence what={what} filter={filter} total={counted.count} rate={rate} />
        )}
      </p>
      {isRun && counted !== undefined && counted.count > 1 && (
        <label>
          <span class="unseen">Tasks a second</span>
          <select value={rate} onChange={(event) => setRate(Number(event.currentTarget.value))}>
            {RATES.map((value) => (
              <option key={value} value={value}>
                {value === 0 ? 'all at once' : `${value} a second`}
              </option>
            ))}
          </select>
        </label>
      )}
      {counted !== undefined && counted.count > 0 && (
        <button
          ref={go}
          type="button"
          class={isRun ? 'main' : 'main danger'}
          disabled={isBusy}
          onClick={start}
        >
          {isRun ? 'Run' : 'Delete'} {count(counted.count)}
        </button>
      )}
      <QuietButton onClick={close}>Close</QuietButton>
      {isBusy && <p>Another change is running.</p>}
    </div>
  )
}

function Sentence({
  what,
  filter,
  total,
  rate,
}: {
  what: What
  filter: Filter
  total: number
  rate: number
}): JSX.Element {
  const { hasHandlers } = useStatus()
  if (what === 'delete')
    return (
      <>
        Delete {inWords(total, 'task')}. They will not run; deliveries of the same events stay
        duplicates. You cannot undo this.
      </>
    )
  const kind =
    filter['state'] === 'done'
      ? 'done task'
      : filter['state'] === 'pending'
        ? 'waiting task'
        : 'task'
  const pace =
    total === 1
      ? ''
      : rate === 0
        ? ', all at once'
        : `, at ${rate} a second, about ${duration((total / rate) * 1000)}`
  return (
    <>
      Run {inWords(total, kind)} {filter['state'] === 'pending' ? 'now' : 'again'}
      {pace}.{' '}
      {hasHandlers
        ? `${total === 1 ? 'It runs' : 'They run'} with today’s handlers.`
        : 'This process has no handlers: the app runs them.'}
      {filter['state'] === 'done' && ' Their effects may happen twice.'}
    </>
  )
}
