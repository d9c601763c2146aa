import type { JSX } from 'preact'
import { QuietButton } from './button.tsx'
import { useState } from 'preact/hooks'
import type { MuteReply, MuteRequest } from '../../src/api/change.ts'
import { note } from '../data/announce.ts'
import { AskFailure, act } from '../data/ask.ts'
import { refresh } from '../data/live.ts'
import { counted } from '../words/count.ts'
import { useForm } from './use-form.ts'

export function MuteForm({
  causes,
  close,
}: {
  causes: readonly string[]
  close: () => void
}): JSX.Element {
  const [text, setText] = useState('')
  const [owner, setOwner] = useState('')
  const form = useForm<HTMLFormElement>(close)
  return (
    <form
      ref={form}
      class="ask-first"
      onSubmit={(event) => {
        event.preventDefault()
        void mute(causes, { note: text, ...(owner.trim() !== '' && { owner: owner.trim() }) })
        close()
      }}
    >
      <input
        type="text"
        class="wide"
        aria-label="Note"
        placeholder="why this can be ignored, such as: fixed in 4.2, replayed tonight"
        maxLength={300}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <input
        type="text"
        aria-label="Owner"
        placeholder="owner, such as: payments"
        maxLength={100}
        value={owner}
        onInput={(event) => setOwner(event.currentTarget.value)}
      />
      <button type="submit">
        Mute {causes.length > 1 && `${counted(causes.length, 'cause')} `}until the next failure
      </button>
      <QuietButton onClick={close}>Close</QuietButton>
    </form>
  )
}

/** Mutes causes; without a note, unmutes them. */
export async function mute(
  causes: readonly string[],
  why?: Pick<MuteRequest, 'note' | 'owner'>,
): Promise<void> {
  try {
    for (const cause of causes) {
      const body: MuteRequest = { cause, ...why }
      await act<MuteReply>('mute', body)
    }
  } catch (error) {
    if (error instanceof AskFailure) note(error.message)
  }
  refresh()
}
