import type { DetailReply, CopyReply, DetailTask } from '../../../src/api/detail.ts'
import type { JSX } from 'preact'
import { Button, QuietButton } from '../../parts/button.tsx'
import { useRef, useState, useEffect } from 'preact/hooks'
import { useKeys } from '../../data/keys.ts'
import { useMay, useStatus } from '../../data/status.ts'
import type { ListRow } from '../../../src/api/list.ts'
import { sendSample } from '../../parts/samples.tsx'
import { head, safe } from '../../words/safe.ts'
import { AskFailure, ask, act } from '../../data/ask.ts'
import { copyText } from '../../data/copy.ts'
import { useForm } from '../../parts/use-form.ts'
import { Skeleton } from '../../parts/skeleton.tsx'
import type { ChangeReply, RerunReply, RerunRequest } from '../../../src/api/change.ts'
import { note } from '../../data/announce.ts'
import type { What } from '../../data/bulk.ts'
import { refresh } from '../../data/live.ts'
import { Mark } from '../../parts/mark.tsx'
import { counted } from '../../words/count.ts'
import { taskLook } from '../../words/state.ts'
import { go, hrefHere } from '../../data/route.ts'

type Panel = 'replay' | 'rerun' | 'delete' | 'curl' | 'test' | 'sample'

const TITLES: readonly (readonly [panel: Panel, title: string, key?: string])[] = [
  ['replay', 'Run again', 'r'],
  ['rerun', 'Edit and run'],
  ['delete', 'Delete'],
  ['curl', 'Copy as curl', 'c'],
  ['test', 'Copy as test', 't'],
  ['sample', 'Send a sample'],
]

/**
 * Buttons for the actions that this visitor can do with the delivery now. Each button opens a form that says what will
 * happen.
 */
export function Actions({ detail }: { detail: DetailReply }): JSX.Element | null {
  const [panel, setPanel] = useState<Panel | undefined>()
  const maySample = useMay('sample')
  const { receivers } = useStatus()
  const canSample =
    maySample && receivers.some(({ name, canSign }) => canSign && name === detail.row.receiver)
  const able = TITLES.filter(([name]) =>
    name === 'sample' ? canSample : detail.actions.includes(name),
  )
  const toggle = (name: Panel): void => {
    if (able.some(([one]) => one === name)) setPanel(panel === name ? undefined : name)
  }
  const close = (): void => setPanel(undefined)
  const isMended = detail.tasks.every(({ state }) => state === 'done')
  useKeys({
    r: () => toggle('replay'),
    c: () => toggle('curl'),
    t: () => toggle('test'),
  })
  if (able.length === 0) return null
  return (
    <>
      <div class="actions">
        {able.map(([name, title, key], at) => (
          <Button
            key={name}
            class={at === 0 && name === 'replay' && !isMended ? 'main' : undefined}
            aria-expanded={panel === name}
            title={key === undefined ? undefined : `${title} (${key})`}
            onClick={() => toggle(name)}
          >
            {title}
          </Button>
        ))}
      </div>
      {panel !== undefined && able.some(([name]) => name === panel) && (
        <Panel key={panel} title={TITLES.find(([name]) => name === panel)![1]} close={close}>
          {panel === 'replay' && <ChangeTasks what="replay" tasks={detail.tasks} close={close} />}
          {panel === 'delete' && <ChangeTasks what="delete" tasks={detail.tasks} close={close} />}
          {panel === 'rerun' && <Edit detail={detail} close={close} />}
          {(panel === 'curl' || panel === 'test') && (
            <CopyAs as={panel} id={detail.row.id} close={close} />
          )}
          {panel === 'sample' && <Sample row={detail.row} close={close} />}
        </Panel>
      )}
    </>
  )
}

function Panel({
  title,
  close,
  children,
}: {
  title: string
  close: () => void
  children: preact.ComponentChildren
}): JSX.Element {
  const form = useForm<HTMLDivElement>(close)
  return (
    <div ref={form} tabIndex={-1} class="panel" role="group" aria-label={title}>
      {children}
    </div>
  )
}

/** Sends a signed sample of the same topic to the receiver. */
function Sample({ row, close }: { row: ListRow; close: () => void }): JSX.Element {
  const [isBusy, setBusy] = useState(false)
  const send = async (): Promise<void> => {
    setBusy(true)
    await sendSample(row.receiver, row.topic)
    close()
  }
  return (
    <>
      <p>
        Send a signed sample{row.topic === undefined ? '' : ` of ${safe(head(row.topic, 100))}`} to{' '}
        {safe(row.receiver)}. Its handlers run with made-up data.
      </p>
      <Button class="main" disabled={isBusy} onClick={() => void send()}>
        Send
      </Button>
      <QuietButton onClick={close}>Close</QuietButton>
    </>
  )
}

/** Copies the delivery as a command or a test. The text is also shown, since it may contain data of customers. */
function CopyAs({
  as,
  id,
  close,
}: {
  as: 'curl' | 'test'
  id: string
  close: () => void
}): JSX.Element {
  const [reply, setReply] = useState<CopyReply | undefined>()
  const [failure, setFailure] = useState('')
  const what = as === 'curl' ? 'curl command' : 'test'
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    const stop = new AbortController()
    const kind = id.startsWith('task:') ? 'task' : 'delivery'
    ask<CopyReply>('copy', { as, [kind]: id.slice(kind.length + 1) }, stop.signal).then(
      async (answer) => {
        setReply(answer)
        if (!(await copyText(answer.text, what, true))) field.current?.select()
      },
      (error: unknown) => {
        if (error instanceof AskFailure) setFailure(error.message)
      },
    )
    return () => stop.abort()
  }, [as, id])

  if (failure !== '') return <p role="alert">{failure}</p>
  if (reply === undefined) return <Skeleton lines={3} what="the text" />
  return (
    <>
      <textarea
        ref={field}
        class="editor"
        readOnly
        aria-label={as === 'curl' ? 'curl command' : 'Test'}
        value={reply.text}
      />
      {reply.note !== undefined && <p>{reply.note}</p>}
      <Button onClick={() => void copyText(reply.text, what, true)}>Copy</Button>
      <QuietButton onClick={close}>Close</QuietButton>
    </>
  )
}

/** Replays or deletes tasks of this delivery. The reader chooses them first. */
function ChangeTasks({
  what,
  tasks,
  close,
}: {
  what: What
  tasks: readonly DetailTask[]
  close: () => void
}): JSX.Element {
  const able = tasks.filter(({ state }) =>
    what === 'replay' ? state !== 'running' : state === 'dead' || state === 'pending',
  )
  const first = able.filter(({ state }) => state === 'dead')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    () => new Set((first.length > 0 ? first : able.length === 1 ? able : []).map(({ id }) => id)),
  )
  const [message, setMessage] = useState('')
  const [isBusy, setBusy] = useState(false)
  const { hasHandlers } = useStatus()
  const picked = able.filter(({ id }) => chosen.has(id))
  const isRun = what === 'replay'

  const change = async (): Promise<void> => {
    setBusy(true)
    try {
      let count = 0
      for (const { id, state } of picked)
        count += (await act<ChangeReply>(what, { filter: { id, state } })).count
      note(`${counted(count, 'task')} ${isRun ? 'set to run again' : 'deleted'}.`)
      close()
      refresh()
    } catch (error) {
      if (error instanceof AskFailure) setMessage(error.message)
      setBusy(false)
    }
  }
  const toggle = (id: string): void => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    setChosen(next)
  }
  return (
    <>
      <ul class="choices">
        {able.map((task) => (
          <li key={task.id}>
            <label>
              <input
                type="checkbox"
                checked={chosen.has(task.id)}
                onChange={() => toggle(task.id)}
              />
              {safe(task.part ?? task.subscription)} <Mark look={taskLook(task)} />
            </label>
          </li>
        ))}
      </ul>
      <p>
        {isRun
          ? `${hasHandlers ? 'They run with today’s handlers.' : 'This process has no handlers: the app runs them.'} ${
              picked.some(({ state }) => state === 'done')
                ? 'The effects of a done task may happen twice. '
                : ''
            }${
              picked.some(({ skipped }) => skipped)
                ? 'In place of a folded or stale task, the newest of its key runs.'
                : ''
            }`
          : 'They will not run; deliveries of the same event stay duplicates. You cannot undo this.'}
      </p>
      {message !== '' && <p role="alert">{message}</p>}
      <Button
        class={isRun ? 'main' : 'main danger'}
        disabled={isBusy || picked.length === 0}
        onClick={() => void change()}
      >
        {isRun ? 'Run' : 'Delete'} {counted(picked.length, 'task')}
      </Button>
      <QuietButton onClick={close}>Close</QuietButton>
    </>
  )
}

const LONGEST = 200_000

/** Runs a task with another payload as a new event. The old event does not change. */
function Edit({ detail, close }: { detail: DetailReply; close: () => void }): JSX.Element {
  const { tasks, payload = '' } = detail
  const [text, setText] = useState(() => pretty(payload))
  const [task, setTask] = useState(
    () => (tasks.find(({ state }) => state === 'dead') ?? tasks[0])?.id ?? '',
  )
  const [message, setMessage] = useState('')
  const [isBusy, setBusy] = useState(false)
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
      <Button
        class="main"
        disabled={isBusy || problem !== undefined || task === ''}
        onClick={() => void run()}
      >
        Run edited
      </Button>
      <QuietButton onClick={close}>Close</QuietButton>
    </>
  )
}

/** Adds line breaks, unless that would change long numbers. */
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
