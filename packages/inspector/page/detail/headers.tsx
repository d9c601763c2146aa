import type { DetailReply } from '../../src/api/detail.ts'
import type { JSX } from 'preact'
import { head, safe } from '../words/safe.ts'

const MOST = 2000

/** The request's line and its headers, without credentials. */
export function Headers({
  delivery,
}: {
  delivery: NonNullable<DetailReply['delivery']>
}): JSX.Element {
  return (
    <>
      <p class="request-line">
        <code>
          {safe(delivery.method)} <bdi>{safe(head(delivery.url || delivery.path, MOST))}</bdi>
        </code>
        {delivery.isUnsigned && (
          <span class="muted"> from the sender’s API, without a signature</span>
        )}
      </p>
      {delivery.headers === undefined ? (
        <p class="empty">The headers were not kept.</p>
      ) : (
        <dl class="pairs">
          {delivery.headers.map(([name, value], at) => (
            <div key={at}>
              <dt>{safe(name)}</dt>
              <dd>
                <bdi>{safe(head(value, MOST))}</bdi>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  )
}
