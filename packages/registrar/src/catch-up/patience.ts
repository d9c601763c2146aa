import { isWebhookError } from '@postern/core'
import { memberOf, textOf, unref } from '@postern/core/internal'

// First and longest wait for a full inbox, in milliseconds. Each wait is twice as long as the wait before.
const FIRST = 1000
const LONGEST = 30_000

/**
 * Creates a function that retries a step while the sender (`rate_limited`) or the inbox (503) asks to wait. The
 * function rejects if a step would wait longer than `patience` milliseconds in total, or if `signal` aborts. `waits` is
 * called with the length of each wait, in milliseconds.
 */
export function createPatience(
  patience: number,
  signal: AbortSignal,
  waits: (time: number) => void,
): <Result>(step: () => Promise<Result>) => Promise<Result> {
  return async (step) => {
    let waited = 0
    for (let pause = FIRST; ; pause = Math.min(pause * 2, LONGEST)) {
      signal.throwIfAborted()
      try {
        return await interruptible(step(), signal)
      } catch (error) {
        if (signal.aborted) throw error
        const time = waitOf(error, pause)
        if (time === undefined || waited + time > patience) throw error
        waited += time
        waits(time)
        await sleep(time, signal)
      }
    }
  }
}

function waitOf(error: unknown, pause: number): number | undefined {
  if (isWebhookError(error))
    return error.status === 503 && error.code !== 'receiver_closed' ? pause : undefined
  if (textOf(error, 'code') !== 'rate_limited') return undefined
  const asked = memberOf(error, 'retryAfter')
  return typeof asked === 'number' ? Math.max(asked, 1) : undefined
}

/** Settles as the promise does. If the signal aborts first, rejects with the signal's reason. */
export function interruptible<Result>(
  promise: Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** Rejects if the signal aborts first. The timer keeps the process alive only if `holds` is true. */
export function sleep(time: number, signal: AbortSignal, holds = true): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const slept = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, time)
    if (!holds) unref(timer)
  })
  return interruptible(slept, signal).finally(() => clearTimeout(timer))
}
