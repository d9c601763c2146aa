import type { DetailReply } from '../../src/api/detail.ts'
import type { JSX } from 'preact'
import { duration } from '../words/duration.ts'
import { safeLines } from '../words/safe.ts'

/** What the sender was answered. */
export function Reply({ reply }: { reply: DetailReply['reply'] }): JSX.Element {
  if (reply === undefined) return <p class="empty">The reply was not kept.</p>
  const body = reply.body ?? ''
  return (
    <>
      <p>
        <b>{reply.status}</b> after {duration(reply.took)}
      </p>
      {body === '' ? (
        <p class="muted">The reply had no body.</p>
      ) : (
        <pre class="raw" tabIndex={0} role="region" aria-label="Body of the reply">
          {safeLines(body)}
        </pre>
      )}
    </>
  )
}
