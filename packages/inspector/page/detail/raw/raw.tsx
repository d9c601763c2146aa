import type { DetailReply } from '../../../src/api/detail.ts'
import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { copyText } from '../../data/copy.ts'
import { bytes as inBytes, count } from '../../words/count.ts'
import { safeLines } from '../../words/safe.ts'
import { fromBase64, hexLines } from './hex.ts'

const TEXT_STEP = 20_000
const HEX_STEP = 4096

/** The body as it came: as text or as bytes. */
export function Raw({ delivery }: { delivery: NonNullable<DetailReply['delivery']> }): JSX.Element {
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
        <button type="button" aria-pressed={!isHex} onClick={show(false)}>
          Text
        </button>
        <button type="button" aria-pressed={isHex} onClick={show(true)}>
          Hex
        </button>
        <span class="muted">
          {inBytes(delivery.bodyBytes)}
          {bytes.length < delivery.bodyBytes && `, the first ${inBytes(bytes.length)} are here`}
        </span>
        <button type="button" class="quiet end" onClick={() => void copyText(text, 'body')}>
          Copy
        </button>
      </div>
      <pre class={isHex ? 'raw hex' : 'raw'} tabIndex={0} role="region" aria-label="Body">
        {isHex ? hexLines(bytes, 0, shown) : safeLines(text.slice(0, shown))}
      </pre>
      {all > shown && (
        <p>
          <button type="button" onClick={() => setSteps(steps + 1)}>
            Show more, {count(all - shown)} {isHex ? 'bytes' : 'characters'} left
          </button>
        </p>
      )}
    </>
  )
}
