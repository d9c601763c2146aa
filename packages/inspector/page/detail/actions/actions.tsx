import type { DetailReply } from '../../../src/api/detail.ts'
import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { useKeys } from '../../data/keys.ts'
import { useMay, useStatus } from '../../data/status.ts'
import { ChangeTasks } from './change-tasks.tsx'
import { CopyAs } from './copy-as.tsx'
import { Edit } from './edit.tsx'
import { Sample } from './sample.tsx'

type Panel = 'replay' | 'rerun' | 'discard' | 'curl' | 'test' | 'sample'

const TITLES: readonly (readonly [panel: Panel, title: string, key?: string])[] = [
  ['replay', 'Run again', 'r'],
  ['rerun', 'Edit and run'],
  ['discard', 'Discard'],
  ['curl', 'Copy as curl', 'c'],
  ['test', 'Copy as test', 't'],
  ['sample', 'Send a sample'],
]

/** What can be done in this state, by this visitor. Each says first what will happen. */
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
  const buttons = useRef<HTMLDivElement>(null)
  const close = (): void => {
    const at = able.findIndex(([name]) => name === panel)
    setPanel(undefined)
    // What had the focus goes with the panel.
    ;(buttons.current?.children[at] as HTMLElement | undefined)?.focus()
  }
  const isMended = detail.tasks.every(({ state }) => state === 'done')
  useKeys({
    r: () => toggle('replay'),
    c: () => toggle('curl'),
    t: () => toggle('test'),
    ...(panel === undefined ? {} : { Escape: close }),
  })
  if (able.length === 0) return null
  return (
    <>
      <div class="actions" ref={buttons}>
        {able.map(([name, title, key], at) => (
          <button
            key={name}
            type="button"
            class={at === 0 && name === 'replay' && !isMended ? 'main' : undefined}
            aria-expanded={panel === name}
            title={key === undefined ? undefined : `${title} (${key})`}
            onClick={() => toggle(name)}
          >
            {title}
          </button>
        ))}
      </div>
      {panel !== undefined && able.some(([name]) => name === panel) && (
        <div class="panel" role="group" aria-label={TITLES.find(([name]) => name === panel)![1]}>
          {panel === 'replay' && <ChangeTasks what="replay" tasks={detail.tasks} close={close} />}
          {panel === 'discard' && <ChangeTasks what="discard" tasks={detail.tasks} close={close} />}
          {panel === 'rerun' && <Edit detail={detail} close={close} />}
          {(panel === 'curl' || panel === 'test') && (
            <CopyAs key={panel} as={panel} id={detail.row.id} close={close} />
          )}
          {panel === 'sample' && <Sample row={detail.row} close={close} />}
        </div>
      )}
    </>
  )
}
