import type { ListRow } from '../../../src/api/list.ts'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { sendSample } from '../../parts/samples.tsx'
import { head, safe } from '../../words/safe.ts'

/** Has the receiver take a signed sample of the same kind. */
export function Sample({ row, close }: { row: ListRow; close: () => void }): JSX.Element {
  const [isBusy, setBusy] = useState(false)
  const send = async (): Promise<void> => {
    setBusy(true)
    await sendSample(row.receiver, row.topic)
    close()
  }
  return (
    <>
      <p>
        Send a signed sample{row.topic === undefined ? '' : ` of ${safe(head(row.topic, 100))}`} to{' '}
        {safe(row.receiver)}. Its handlers run with made-up data.
      </p>
      <button type="button" class="main" disabled={isBusy} onClick={() => void send()}>
        Send
      </button>
      <button type="button" class="quiet" onClick={close}>
        Close
      </button>
    </>
  )
}
