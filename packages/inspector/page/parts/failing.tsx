import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { live } from '../data/live.ts'
import { useStore } from '../data/store.ts'
import { duration } from '../words/duration.ts'
import { stopped } from '../words/safe.ts'
import { clock, now } from '../words/time.ts'

/** What failed, since when, what still holds, and when the page looks again. */
export function Failing(): JSX.Element | null {
  const { failure } = useStore(live)
  const time = useSeconds(failure !== undefined)
  if (failure === undefined) return null
  const inbox = failure.status >= 500
  const next = Math.max(0, Math.ceil((failure.next - time) / 1000))
  return (
    <div class="failing" role="alert">
      <strong>
        {inbox || failure.status === 429 ? stopped(failure.message) : 'The app does not answer.'}{' '}
        Since {clock(failure.since)}
        <span aria-hidden="true">, for {duration(Math.max(1000, time - failure.since))}</span>.
      </strong>{' '}
      {inbox
        ? 'Deliveries that the inbox does not take are refused with 503, and their senders try again.'
        : 'What you see is from before.'}{' '}
      <span aria-hidden="true">{next > 0 ? `Next look in ${next} s.` : 'Looking now.'}</span>
    </div>
  )
}

/** The time, each second as long as it is needed. */
function useSeconds(isNeeded: boolean): number {
  const [time, setTime] = useState(now)
  useEffect(() => {
    if (!isNeeded) return
    setTime(now())
    const timer = setInterval(() => setTime(now()), 1000)
    return () => clearInterval(timer)
  }, [isNeeded])
  return time
}
