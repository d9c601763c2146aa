import type { SampleReply, SampleRequest } from '../../src/api/change.ts'
import type { JSX } from 'preact'
import { Button } from './button.tsx'
import { useState } from 'preact/hooks'
import { note } from '../data/announce.ts'
import { AskFailure, act } from '../data/ask.ts'
import { refresh } from '../data/live.ts'
import { useMay, useStatus } from '../data/status.ts'
import { safe } from '../words/safe.ts'

/** Sends a signed sample to one of the receivers. */
export function Samples(): JSX.Element | null {
  const { receivers } = useStatus()
  const able = receivers.filter(({ canSign }) => canSign)
  const [chosen, setChosen] = useState('')
  const [isBusy, setBusy] = useState(false)
  if (!useMay('sample') || able.length === 0) return null
  const receiver = able.find(({ name }) => name === chosen) ?? able[0]!
  const send = async (): Promise<void> => {
    setBusy(true)
    await sendSample(receiver.name)
    setBusy(false)
  }
  return (
    <p class="samples">
      Or send a signed sample to{' '}
      {able.length === 1 ? (
        <b>{safe(receiver.name)}</b>
      ) : (
        <select
          aria-label="Receiver of the sample"
          value={receiver.name}
          onChange={(event) => setChosen(event.currentTarget.value)}
        >
          {able.map(({ name }) => (
            <option key={name} value={name}>
              {safe(name)}
            </option>
          ))}
        </select>
      )}{' '}
      <Button disabled={isBusy} onClick={() => void send()}>
        Send a sample
      </Button>
    </p>
  )
}

/** Sends a signed sample from the server, and shows the status of the reply. */
export async function sendSample(receiver: string, topic?: string): Promise<void> {
  try {
    const body: SampleRequest = { receiver, ...(topic === undefined ? {} : { topic }) }
    const { status } = await act<SampleReply>('sample', body)
    note(`The sample was answered with ${status}. Its handlers run now.`)
    refresh()
  } catch (error) {
    if (error instanceof AskFailure) note(error.message)
  }
}
