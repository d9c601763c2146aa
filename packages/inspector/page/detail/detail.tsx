import type { DetailReply } from '../../src/api/detail.ts'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useKeys } from '../data/keys.ts'
import { go, hrefHere, useRoute } from '../data/route.ts'
import { useStatus } from '../data/status.ts'
import { useReply } from '../data/use-reply.ts'
import { Skeleton } from '../parts/skeleton.tsx'
import { Actions } from './actions/actions.tsx'
import { runId } from './attempts.tsx'
import { Title } from './title.tsx'
import { Part, firstTab, tabsOf } from './parts.tsx'
import { Tabs } from './tabs.tsx'
import { Timeline } from './timeline.tsx'

/** One delivery: what it was, what became of it, what can be done. */
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
            ? 'It is gone: done tasks and old history are forgotten.'
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
  // What is read first is decided once: the tab does not change under the reader when a task succeeds.
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
