import { settledBy } from '@postern/core/internal'
import { WebhookError } from '@postern/core'
import type { Missing } from './result.ts'

/** Work that belongs to a receiver. A receiver that closes aborts the work, and waits until the work has ended. */
export interface Work {
  readonly run: <Result>(work: (closing: AbortSignal) => Promise<Result>) => Promise<Result>
  /** Aborts the work, and removes the callback from the receiver. */
  readonly end: () => void
}

export function workOf(receiver: Missing): Work {
  const stop = new AbortController()
  const running = new Set<Promise<unknown>>()
  const left = receiver.onClose(async (until) => {
    abort()
    // Work that does not end in time is left behind. Its progress is stored, so another process can continue.
    await settledBy(Promise.allSettled(running), until)
  })
  return {
    run(work) {
      const begun = work(stop.signal)
      running.add(begun)
      const over = (): void => void running.delete(begun)
      begun.then(over, over)
      return begun
    },
    end() {
      abort()
      left()
    },
  }

  function abort(): void {
    stop.abort(new WebhookError('receiver_closed', { problem: 'closed', got: receiver.name }))
  }
}
