import type { ExplainReply } from '../../src/api/detail.ts'
import type { JSX } from 'preact'
import { useReply } from '../data/use-reply.ts'
import { Skeleton } from '../parts/skeleton.tsx'
import { counted } from '../words/count.ts'
import { duration } from '../words/duration.ts'
import { safe } from '../words/safe.ts'

const CERTAINTY = { proven: 'Proven', likely: 'Likely', possible: 'Possible' } as const

/** Why a delivery was refused: the verdict first, then what is proven, then what to do. */
export function Explain({ id, reason }: { id: string; reason: string | undefined }): JSX.Element {
  const { data, isSlow, failure } = useReply<ExplainReply>('explain', { id })
  if (failure !== undefined) return <p class="empty">{failure.message}</p>
  if (data === undefined) return isSlow ? <Skeleton lines={5} what="the explanation" /> : <></>
  const { attempts, ms, stopped } = data.stats
  return (
    <div class="explain">
      <h3>
        {data.verdict === 'refused' ? (
          <span class="mark warn">
            <span class="sign" aria-hidden="true">
              ⊘
            </span>
            {safe(data.code)}
          </span>
        ) : (
          <span class="mark good">
            <span class="sign" aria-hidden="true">
              ●
            </span>
            Today it would be accepted
          </span>
        )}
      </h3>
      {reason !== undefined && <p>{safe(reason)}</p>}
      {data.cannot !== undefined && <p class="finding">{safe(data.cannot)}</p>}
      {data.findings.map((finding) => (
        <div key={finding.cause} class={`finding ${finding.certainty}`}>
          <h4>
            {CERTAINTY[finding.certainty]}: {safe(finding.cause)}
          </h4>
          <p>{safe(finding.message)}</p>
          <p>
            <b>Remedy:</b> {safe(finding.remedy)}
          </p>
        </div>
      ))}
      {data.findings.length === 0 && data.cannot === undefined && data.verdict === 'refused' && (
        <p class="finding">
          No known mistake makes the signature match: another secret, or a body that was changed on
          its way.
        </p>
      )}
      {data.cannot === undefined && (
        <p class="muted">
          Tried {counted(attempts, 'change')} in {duration(ms)}
          {stopped && ', then the time was over'}.
        </p>
      )}
    </div>
  )
}
