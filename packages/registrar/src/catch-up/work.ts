import { settledBy } from '@postern/core/internal'
import { WebhookError } from '@postern/core'
import type { Missing } from './result.ts'

/** Work for a receiver, which its close waits for. */
export interface Work {
  readonly run: <Result>(work: (closing: AbortSignal) => Promise<Result>) => Promise<Result>
  /** Stops what runs, and leaves the receiver. */
  readonly end: () => void
}

/** Starts with the receiver's life, and ends with it or before. */
export function workOf(receiver: Missing): Work {
  const stop = new AbortController()
  const running = new Set<Promise<unknown>>()
  const left = receiver.onClose(async (until) => {
    abort()
    // Until their progress is stored, so that another process can continue.
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
