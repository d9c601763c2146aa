import type { RegisteredReply } from '../../src/api/health.ts'
import type { JSX } from 'preact'
import { useRoute } from '../data/route.ts'
import { useStatus } from '../data/status.ts'
import { useReply } from '../data/use-reply.ts'
import { safe } from '../words/safe.ts'

/** What is registered at the senders, and how it differs from the code. */
export function AtSenders(): JSX.Element | null {
  const { receiver } = useRoute()
  const { hasRegistered } = useStatus()
  const reply = useReply<RegisteredReply>(hasRegistered ? 'registered' : '', { receiver }, true)
  const rows = reply.data?.receivers ?? []
  if (rows.length === 0) return null
  return (
    <section aria-labelledby="at-senders">
      <h2 id="at-senders">At the senders</h2>
      <ul class="card at-senders">
        {rows.map((row) => (
          <li key={row.receiver}>
            <span class="who">{safe(row.receiver)}</span> <State row={row} />
            {row.differs.length > 0 && (
              <ul>
                {row.differs.map((one) => (
                  <li key={one}>{safe(one)}</li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function State({ row }: { row: RegisteredReply['receivers'][number] }): JSX.Element {
  if (row.problem !== undefined)
    return <span class="warn">✕ the sender was not asked: {safe(row.problem)}</span>
  if (row.differs.length > 0)
    return <span class="warn">⊘ differs from the code at {safe(row.url ?? '')}</span>
  return (
    <span>
      <span class="good">●</span> as the code wants it, at {safe(row.url ?? '')}
    </span>
  )
}
