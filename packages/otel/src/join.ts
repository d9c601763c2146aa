import type { ObservedReceiver, Observer } from '@postern/core'
import { unref } from '@postern/core/scheme'

/** An observer that is worth its cost as soon as it is ready. */
export interface ObserverPart {
  readonly ready: () => boolean
  readonly observer: Observer
}

// An SDK is started before the app, or soon after it.
const EVERY = 1000
const TIMES = 60

/** Adds each part to a receiver when it is ready: now, or within a minute. The function that it returns takes all away. */
export function joinWhenReady(
  receiver: ObservedReceiver,
  parts: readonly ObserverPart[],
): () => void {
  const leave: (() => void)[] = []
  let waiting = parts
  let times = 0
  let timer: ReturnType<typeof setInterval> | undefined
  look()
  if (waiting.length > 0) lookAgain()
  return () => {
    clearInterval(timer)
    for (const end of leave) end()
  }

  function look(): void {
    waiting = waiting.filter(({ ready, observer }) => {
      if (!ready()) return true
      leave.push(receiver.observe(observer))
      return false
    })
  }

  function lookAgain(): void {
    try {
      timer = setInterval(() => {
        look()
        if (waiting.length === 0 || ++times === TIMES) clearInterval(timer)
      }, EVERY)
      unref(timer)
    } catch {
      // Workers allow no timer outside a request: there the SDK is started first.
    }
  }
}
