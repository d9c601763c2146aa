import type { DetailReply } from '../../src/api/detail.ts'
import type { JSX } from 'preact'
import { Attempts } from './attempts.tsx'
import { Explain } from './explain.tsx'
import { Headers } from './headers.tsx'
import { Payload } from './payload/payload.tsx'
import { Raw } from './raw/raw.tsx'
import { Reply } from './reply.tsx'

/** The parts that this delivery has. */
export function tabsOf(detail: DetailReply): readonly (readonly [id: string, title: string])[] {
  return [
    ...(detail.actions.includes('explain') ? [['explain', 'Explain'] as const] : []),
    ...(detail.tasks.length > 0 ? [['attempts', 'Attempts'] as const] : []),
    ['payload', 'Payload'],
    ['headers', 'Headers'],
    ['raw', 'Raw'],
    ['reply', 'Reply'],
  ]
}

/** What is read first: why it was refused, why it failed, else what it says. */
export function firstTab({ actions, tasks }: DetailReply): string {
  if (actions.includes('explain')) return 'explain'
  const failed = tasks.some((task) => task.state === 'dead' || task.retrying || task.interrupted)
  return failed ? 'attempts' : 'payload'
}

/** One part. */
export function Part({ tab, detail }: { tab: string; detail: DetailReply }): JSX.Element {
  const { delivery, payload, row } = detail
  if (tab === 'attempts') return <Attempts tasks={detail.tasks} />
  if (tab === 'explain') return <Explain id={row.id.replace('delivery:', '')} reason={row.reason} />
  if (detail.erased && tab !== 'reply') return <p class="empty">Payload and body were erased.</p>
  if (detail.sealed && tab !== 'reply')
    return <p class="empty">The event is sealed, and the inspector has no key for it.</p>
  if (detail.hidden && tab !== 'headers')
    return <p class="empty">Payloads, headers and bodies are not shown to you.</p>
  if (tab === 'payload')
    return payload === undefined ? (
      <p class="empty">
        {row.outcome === 'refused'
          ? 'A refused delivery has no payload: see Raw for what was kept of it.'
          : 'The payload was not kept.'}
      </p>
    ) : (
      <Payload text={payload} />
    )
  if (tab === 'reply') return <Reply reply={detail.reply} />
  if (delivery === undefined) return <p class="empty">The request was not kept.</p>
  return tab === 'headers' ? <Headers delivery={delivery} /> : <Raw delivery={delivery} />
}
