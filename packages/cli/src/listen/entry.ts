import { AsyncLocalStorage } from 'node:async_hooks'
import type { Delivery, Receiver, RequestInfo } from '@postern/core'
import type { Explanation } from '@postern/core/explain'
import type { Provider } from '@postern/core/scheme'

/** One delivery that arrived while listening. */
export interface Entry {
  readonly at: number
  readonly status: number
  readonly took: number
  readonly outcome: string
  readonly code: string | undefined
  /** Why it was refused, for people. */
  readonly reason: string | undefined
  readonly events: readonly { readonly id: string | undefined; readonly topic: string }[]
  /** The original delivery; undefined if it was refused before its body was read. */
  readonly delivery: Delivery | undefined
  /** The explanation of a refusal, once there is one. */
  explanation: Explanation | undefined
  /** How the target of `--forward` answered. */
  forwarded: string | undefined
}

/** Deliveries, the newest last. The oldest are dropped. */
export interface Entries {
  readonly all: readonly Entry[]
  /** How many arrived, those that were dropped included. */
  readonly total: number
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

/** The deliveries of a receiver whose provider is `keeping`. `arrived` is called for each. */
export function entriesOf(receiver: Receiver, arrived: (entry: Entry) => void): Entries {
  const all: Entry[] = []
  let total = 0
  const reasons = new WeakMap<RequestInfo, string>()
  receiver.observe({
    rejected: (request, { message }) => void reasons.set(request, message),
    answered(request, { outcome, status, took, code, events }) {
      const entry: Entry = {
        at: request.at,
        status,
        took,
        outcome,
        code,
        reason: reasons.get(request),
        events: events.map(({ id, topic }) => ({ id, topic })),
        delivery: current.getStore(),
        explanation: undefined,
        forwarded: undefined,
      }
      total++
      all.push(entry)
      if (all.length > MOST) all.shift()
      arrived(entry)
    },
  })
  return {
    all,
    get total() {
      return total
    },
  }
}
