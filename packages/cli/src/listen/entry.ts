import { AsyncLocalStorage } from 'node:async_hooks'
import type { Delivery, Receiver, RequestInfo } from '@postern/core'
import { claimedTopic } from '@postern/core/engine'
import type { Explanation } from '@postern/core/explain'
import type { Provider } from '@postern/core/scheme'

/** What is kept of a delivery: what came, and nothing that was read out of it. */
export interface KeptDelivery {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

/** One delivery that arrived while listening. */
export interface Entry {
  readonly at: number
  readonly status: number
  readonly took: number
  readonly outcome: string
  readonly code: string | undefined
  /** Why it was rejected, for people. */
  readonly reason: string | undefined
  readonly events: readonly { readonly id: string | undefined; readonly topic: string }[]
  /** The topic that it claims, if it was rejected: nobody has verified it. */
  readonly claims: string | undefined
  /** The original delivery, while its body is kept. */
  delivery: KeptDelivery | undefined
  /** Why `delivery` may be undefined: rejected before its body was read, or dropped for newer ones. */
  body: 'kept' | 'unread' | 'dropped'
  /** The explanation of a rejection, once there is one. */
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

const MOST = 500
// 500 bodies of 25 MiB are 12 GiB, and anybody can send them: the largest are dropped.
const MOST_BYTES = 32 * 2 ** 20

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
  let bytes = 0
  const { provider } = receiver
  const reasons = new WeakMap<RequestInfo, string>()
  receiver.observe({
    rejected: (request, { message }) => void reasons.set(request, message),
    replied(request, { outcome, status, took, code, events }) {
      const delivery = keptOf(current.getStore())
      const entry: Entry = {
        at: request.at,
        status,
        took,
        outcome,
        code,
        reason: reasons.get(request),
        events: events.map(({ id, topic }) => ({ id, topic })),
        claims: outcome === 'rejected' && delivery ? claimedTopic(delivery, provider) : undefined,
        delivery,
        body: delivery ? 'kept' : 'unread',
        explanation: undefined,
        forwarded: undefined,
      }
      total++
      all.push(entry)
      bytes += delivery?.body.byteLength ?? 0
      if (all.length > MOST) bytes -= all.shift()!.delivery?.body.byteLength ?? 0
      while (bytes > MOST_BYTES) bytes -= dropLargest(all)
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

/** Drops what is kept of the delivery with the largest body, and returns its bytes: a stranger's large ones go before genuine ones. */
function dropLargest(all: readonly Entry[]): number {
  const sizeOf = ({ delivery }: Entry): number => delivery?.body.byteLength ?? 0
  const largest = all.reduce((most, one) => (sizeOf(one) > sizeOf(most) ? one : most))
  const size = sizeOf(largest)
  largest.delivery = undefined
  largest.body = 'dropped'
  return size
}

function keptOf(delivery: Delivery | undefined): KeptDelivery | undefined {
  if (!delivery) return undefined
  const { method, url, body } = delivery
  return { method, url, headers: [...delivery.headerLines()], body }
}
