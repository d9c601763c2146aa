import type { DetailReply } from '../../../src/api/detail.ts'
import type { RerunReply, RerunRequest } from '../../../src/api/change.ts'
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { note } from '../../data/announce.ts'
import { AskFailure, act } from '../../data/ask.ts'
import { refresh } from '../../data/live.ts'
import { go, hrefHere } from '../../data/route.ts'
import { safe } from '../../words/safe.ts'

const LONGEST = 200_000

/** Runs a task with another payload: a new event, the old one stays as it is. */
export function Edit({ detail, close }: { detail: DetailReply; close: () => void }): JSX.Element {
  const { tasks, payload = '' } = detail
  const [text, setText] = useState(() => pretty(payload))
  const [task, setTask] = useState(
    () => (tasks.find(({ state }) => state === 'dead') ?? tasks[0])?.id ?? '',
  )
  const [message, setMessage] = useState('')
  const [isBusy, setBusy] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => field.current?.focus(), [])
  const problem = mistakeIn(text)

  const run = async (): Promise<void> => {
    setBusy(true)
    try {
      const body: RerunRequest = { task, payload: text }
      const reply = await act<RerunReply>('rerun', body)
      note('It runs as a new event.')
      refresh()
      go(hrefHere({ open: `task:${reply.task}`, tab: 'attempts' }))
    } catch (error) {
      if (error instanceof AskFailure) setMessage(error.message)
      setBusy(false)
    }
  }
  return (
    <>
      <textarea
        ref={field}
        class="editor"
        aria-label="Payload"
        aria-invalid={problem !== undefined}
        aria-describedby="edit-problem"
        spellcheck={false}
        maxLength={LONGEST * 5}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <p id="edit-problem" role="status" class={problem === undefined ? 'muted' : 'problem'}>
        {problem ?? 'It runs as a new event, with today’s handlers. This one stays as it is.'}
      </p>
      {message !== '' && <p role="alert">{message}</p>}
      {tasks.length > 1 && (
        <select
          aria-label="Subscription"
          value={task}
          onChange={(event) => setTask(event.currentTarget.value)}
        >
          {tasks.map((one) => (
            <option key={one.id} value={one.id}>
              {safe(one.part ?? one.subscription)}
            </option>
          ))}
        </select>
      )}
      <button
        type="button"
        class="main"
        disabled={isBusy || problem !== undefined || task === ''}
        onClick={() => void run()}
      >
        Run edited
      </button>
      <button type="button" class="quiet" onClick={close}>
        Close
      </button>
    </>
  )
}

/** With line breaks if that changes nothing: long numbers keep their digits. */
function pretty(payload: string): string {
  if (payload.length > LONGEST || /\d{16}/.test(payload)) return payload
  try {
    return JSON.stringify(JSON.parse(payload), undefined, 2)
  } catch {
    return payload
  }
}

function mistakeIn(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    const message = (error as Error).message
    const at = /position (\d+)/.exec(message)?.[1]
    if (at === undefined || /line \d/.test(message)) return `Not JSON: ${message}`
    const before = text.slice(0, Number(at)).split('\n')
    return `Not JSON: ${message}, line ${before.length} column ${before.at(-1)!.length + 1}`
  }
}
