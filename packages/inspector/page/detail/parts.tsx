import type { DetailReply, ExplainReply } from '../../src/api/detail.ts'
import type { JSX } from 'preact'
import { Button } from '../parts/button.tsx'
import { Attempts } from './attempts.tsx'
import { Payload } from './payload/payload.tsx'
import { duration } from '../words/duration.ts'
import { safeLines, head, safe } from '../words/safe.ts'
import { outcomeLook } from '../words/state.ts'
import { Mark } from '../parts/mark.tsx'
import { Remedy } from '../parts/remedy.tsx'
import { DiffCard } from './diff-card.tsx'
import { useReply } from '../data/use-reply.ts'
import { Skeleton } from '../parts/skeleton.tsx'
import { counted, bytes as inBytes, count } from '../words/count.ts'
import { useMemo, useState } from 'preact/hooks'
import { copyText } from '../data/copy.ts'

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

/** Returns the tab to open first: the explanation of a rejection, else a failure, else the payload. */
export function firstTab({ actions, tasks }: DetailReply): string {
  if (actions.includes('explain')) return 'explain'
  const failed = tasks.some((task) => task.state === 'dead' || task.retrying || task.interrupted)
  return failed ? 'attempts' : 'payload'
}

export function Part({ tab, detail }: { tab: string; detail: DetailReply }): JSX.Element {
  const { delivery, payload, row } = detail
  if (tab === 'attempts') return <Attempts tasks={detail.tasks} />
  if (tab === 'explain') return <Explain id={row.id.replace('delivery:', '')} reason={row.reason} />
  if (detail.erased && tab !== 'reply') return <p class="empty">Payload and body were erased.</p>
  if (detail.encrypted && tab !== 'reply')
    return <p class="empty">The event is encrypted, and the inspector has no key for it.</p>
  if (detail.hidden && tab !== 'headers')
    return <p class="empty">Payloads, headers and bodies are not shown to you.</p>
  if (tab === 'payload')
    return payload === undefined ? (
      <p class="empty">
        {row.outcome === 'rejected'
          ? 'A rejected delivery has no payload: see Raw for what was stored of it.'
          : 'The payload was not kept.'}
      </p>
    ) : (
      <Payload text={payload} row={row} />
    )
  if (tab === 'reply') return <Reply reply={detail.reply} />
  if (delivery === undefined) return <p class="empty">The request was not kept.</p>
  return tab === 'headers' ? <Headers delivery={delivery} /> : <Raw delivery={delivery} />
}

function Reply({ reply }: { reply: DetailReply['reply'] }): JSX.Element {
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

const MOST = 2000

function Headers({ delivery }: { delivery: NonNullable<DetailReply['delivery']> }): JSX.Element {
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

const CERTAINTY = { proven: 'Proven', likely: 'Likely', possible: 'Possible' } as const

/** The explanation of a rejection: the verdict first, then the proven cause, then the remedy. */
function Explain({ id, reason }: { id: string; reason: string | undefined }): JSX.Element {
  const { data, isSlow, failure } = useReply<ExplainReply>('explain', { id })
  if (failure !== undefined) return <p class="empty">{failure.message}</p>
  if (data === undefined) return isSlow ? <Skeleton lines={5} what="the explanation" /> : <></>
  const { attempts, ms, stopped } = data.stats
  return (
    <div class="explain">
      <h3>
        <Mark
          look={
            data.verdict === 'rejected'
              ? { ...outcomeLook('rejected'), word: safe(data.code) }
              : { ...outcomeLook('accepted'), word: 'Today it would be accepted' }
          }
        />
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
            <b>Remedy:</b> <Remedy text={finding.remedy} />
          </p>
        </div>
      ))}
      {data.diff && data.findings[0] && <DiffCard diff={data.diff} finding={data.findings[0]} />}
      {data.findings.length === 0 && data.cannot === undefined && data.verdict === 'rejected' && (
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

const TEXT_STEP = 20_000
const HEX_STEP = 4096

function Raw({ delivery }: { delivery: NonNullable<DetailReply['delivery']> }): JSX.Element {
  const body = delivery.body
  const bytes = useMemo(() => (body === undefined ? undefined : fromBase64(body)), [body])
  const text = useMemo(() => (bytes ? new TextDecoder().decode(bytes) : ''), [bytes])
  const isBinary = useMemo(
    () => bytes?.subarray(0, 4000).some((byte) => byte < 9) || text.includes('\uFFFD'),
    [text],
  )
  const [chosen, setHex] = useState<boolean | undefined>()
  const [steps, setSteps] = useState(1)
  if (bytes === undefined || bytes.length === 0)
    return (
      <p class="empty">
        {delivery.bodyBytes === 0 ? 'The body was empty.' : 'The body was not kept.'}
      </p>
    )
  const isHex = chosen ?? isBinary
  const shown = steps * (isHex ? HEX_STEP : TEXT_STEP)
  const all = isHex ? bytes.length : text.length
  const show = (hex: boolean) => () => {
    setHex(hex)
    setSteps(1)
  }
  return (
    <>
      <div class="bar">
        <Button aria-pressed={!isHex} onClick={show(false)}>
          Text
        </Button>
        <Button aria-pressed={isHex} onClick={show(true)}>
          Hex
        </Button>
        <span class="muted">
          {inBytes(delivery.bodyBytes)}
          {bytes.length < delivery.bodyBytes && `, the first ${inBytes(bytes.length)} are here`}
        </span>
        <Button class="quiet end" onClick={() => void copyText(text, 'body')}>
          Copy
        </Button>
      </div>
      <pre class={isHex ? 'raw hex' : 'raw'} tabIndex={0} role="region" aria-label="Body">
        {isHex ? hexLines(bytes, shown) : safeLines(text.slice(0, shown))}
      </pre>
      {all > shown && (
        <p>
          <Button onClick={() => setSteps(steps + 1)}>
            Show more, {count(all - shown)} {isHex ? 'bytes' : 'characters'} left
          </Button>
        </p>
      )}
    </>
  )
}

const WIDTH = 16

/** Returns lines of a hex dump: `00000010  68 65 6c 6c 6f …  hello`. */
function hexLines(bytes: Uint8Array, to: number): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(to, bytes.length); at += WIDTH) {
    const part = Array.from(bytes.subarray(at, at + WIDTH))
    const digits = part.map((byte) => byte.toString(16).padStart(2, '0'))
    const left = digits.slice(0, 8).join(' ')
    const right = digits.slice(8).join(' ')
    const text = part.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.'))
    lines.push(
      `${at.toString(16).padStart(8, '0')}  ${left.padEnd(23)}  ${right.padEnd(23)}  ${text.join('')}`,
    )
  }
  return lines.join('\n')
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
}
