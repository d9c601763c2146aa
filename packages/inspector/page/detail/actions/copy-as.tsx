import type { CopyReply } from '../../../src/api/detail.ts'
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { AskFailure, ask } from '../../data/ask.ts'
import { copyText } from '../../data/copy.ts'
import { Skeleton } from '../../parts/skeleton.tsx'

/** The delivery as a command or as a test: copied at once, and shown, since it may hold customers' data. */
export function CopyAs({
  as,
  id,
  close,
}: {
  as: 'curl' | 'test'
  id: string
  close: () => void
}): JSX.Element {
  const [reply, setReply] = useState<CopyReply | undefined>()
  const [failure, setFailure] = useState('')
  const what = as === 'curl' ? 'curl command' : 'test'
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    const stop = new AbortController()
    const kind = id.startsWith('task:') ? 'task' : 'delivery'
    ask<CopyReply>('copy', { as, [kind]: id.slice(kind.length + 1) }, stop.signal).then(
      async (answer) => {
        setReply(answer)
        if (!(await copyText(answer.text, what, true))) field.current?.select()
      },
      (error: unknown) => {
        if (error instanceof AskFailure) setFailure(error.message)
      },
    )
    return () => stop.abort()
  }, [as, id])

  if (failure !== '') return <p role="alert">{failure}</p>
  if (reply === undefined) return <Skeleton lines={3} what="the text" />
  return (
    <>
      <textarea
        ref={field}
        class="editor"
        readOnly
        aria-label={as === 'curl' ? 'curl command' : 'Test'}
        value={reply.text}
      />
      {reply.note !== undefined && <p>{reply.note}</p>}
      <button type="button" onClick={() => void copyText(reply.text, what, true)}>
        Copy
      </button>
      <button type="button" class="quiet" onClick={close}>
        Close
      </button>
    </>
  )
}
