import type { ChangeReply } from '../../../src/api/change.ts'
import type { DetailTask } from '../../../src/api/detail.ts'
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { note } from '../../data/announce.ts'
import { AskFailure, act } from '../../data/ask.ts'
import type { What } from '../../data/bulk.ts'
import { refresh } from '../../data/live.ts'
import { useStatus } from '../../data/status.ts'
import { Mark } from '../../parts/mark.tsx'
import { counted } from '../../words/count.ts'
import { safe } from '../../words/safe.ts'
import { taskLook } from '../../words/state.ts'

/** Runs tasks of this delivery again, or discards them: which ones is asked first. */
export function ChangeTasks({
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
  const button = useRef<HTMLButtonElement>(null)
  const choices = useRef<HTMLUListElement>(null)
  useEffect(() => {
    // A button that is disabled takes no focus, and the next Enter would press what had it.
    const { current } = button
    ;(current?.disabled ? choices.current?.querySelector('input') : current)?.focus()
  }, [])
  const picked = able.filter(({ id }) => chosen.has(id))
  const isRun = what === 'replay'

  const change = async (): Promise<void> => {
    setBusy(true)
    try {
      let count = 0
      for (const { id, state } of picked)
        count += (await act<ChangeReply>(what, { filter: { id, state } })).count
      note(`${counted(count, 'task')} ${isRun ? 'set to run again' : 'discarded'}.`)
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
      <ul class="choices" ref={choices}>
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
          ? `${hasHandlers ? 'They run with today’s handlers.' : 'No handlers are here: the app runs them.'} ${
              picked.some(({ state }) => state === 'done')
                ? 'What a done task did may happen twice.'
                : ''
            }`
          : 'They never run; deliveries of the same event stay duplicates. There is no way back.'}
      </p>
      {message !== '' && <p role="alert">{message}</p>}
      <button
        ref={button}
        type="button"
        class={isRun ? 'main' : 'main danger'}
        disabled={isBusy || picked.length === 0}
        onClick={() => void change()}
      >
        {isRun ? 'Run' : 'Discard'} {counted(picked.length, 'task')}
      </button>
      <button type="button" class="quiet" onClick={close}>
        Close
      </button>
    </>
  )
}
