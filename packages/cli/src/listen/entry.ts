import { AsyncLocalStorage } from 'node:async_hooks'
import type { Delivery, Receiver } from '@postern/core'
import type { Explanation } from '@postern/core/explain'
import type { Provider } from '@postern/core/scheme'

/** One delivery that arrived while listening. */
export interface Entry {
  readonly at: number
  readonly status: number
  readonly took: number
  readonly outcome: string
  readonly code: string | undefined
  readonly events: readonly { readonly id: string | undefined; readonly topic: string }[]
  /** The original delivery; undefined if it was refused before its body was read. */
  readonly delivery: Delivery | undefined
  /** The explanation of a refusal, once it was asked for. */
  explanation: Explanation | undefined
}

// Bodies kept while listening: 500 of 1 MB are half a GB, so the oldest are dropped.
const MOST = 500

const current = new AsyncLocalStorage<Delivery>()

/** A provider that shows each delivery to {@link entriesOf} on its way to verification. */
export function keeping(provider: Provider): Provider {
  return {
    ...provider,
    verify(delivery, clock) {
      current.enterWith(delivery)
      return provider.verify(delivery, clock)
    },
  }
}

/** The deliveries of a receiver whose provider is `keeping`, the newest last. `changed` is called for each change. */
export function entriesOf(receiver: Receiver, changed: () => void): readonly Entry[] {
  const entries: Entry[] = []
  receiver.observe({
    answered({ at }, { outcome, status, took, code, events }) {
      entries.push({
        at,
        status,
        took,
        outcome,
        code,
        events: events.map(({ id, topic }) => ({ id, topic })),
        delivery: current.getStore(),
        explanation: undefined,
      })
      if (entries.length > MOST) entries.shift()
      changed()
    },
    explained({ at }, explanation) {
      const entry = entries.findLast((one) => one.at === at && one.status >= 400)
      if (entry) entry.explanation = explanation
      changed()
    },
  })
  return entries
}
