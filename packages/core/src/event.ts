import type { Json } from './delivery.ts'

/** The topics that a provider can send, each with the type of its payload. */
export type EventMap = Record<string, unknown>

/** The part of a delivery that is stored with its events, without credentials. */
export interface StoredDelivery {
  readonly method: string
  readonly url: string
  /** Header lines in order, names in lower case, without credentials. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** The exact bytes of the body; empty if a credential in them could not be removed. */
  readonly body: Uint8Array
  /** When it arrived, in milliseconds since 1970. */
  readonly receivedAt: number
  readonly context?: Json
}

/** An event as a provider reads it from a verified delivery. */
export interface EventDraft {
  /** The sender's own id of the event, equal for all redeliveries. Without an id, the event is not deduplicated by id. */
  readonly id?: string | undefined
  readonly topic: string
  /** Wider names of the topic: `issues` for `issues.opened`. Exact subscriptions to them match too. */
  readonly aliases?: readonly string[]
  readonly payload: unknown
  /** Further keys, stored in the same atomic step as the event. */
  readonly guards?: readonly Guard[]
  /**
   * Set if the sender reports one change in two events: the id that both contain, and the topic of the other event. A
   * subscription that matches both topics gets only the first of the two.
   */
  readonly twin?: { readonly id: string; readonly topic: string }
}

/** A key that only one event may have, for as long as ids are remembered. */
export interface Guard {
  readonly key: string
  /** Result for a second event with this key: `reject` replies 401, `duplicate` runs nothing. */
  readonly otherwise: 'reject' | 'duplicate'
}

/** An accepted event as inboxes store it. */
export interface EventRecord {
  /** Identity in its receiver: tenant and id, or a digest, or a unique value. */
  readonly key: string
  /** False if `key` is a unique value. */
  readonly dedupe: boolean
  readonly id: string | undefined
  readonly topic: string
  readonly aliases: readonly string[]
  readonly payload: unknown
  /** The tenant or key that verified the delivery. */
  readonly tenant: string | undefined
  readonly provider: string
  /**
   * Keys stored in the same atomic step. If a key belongs to another event, its `otherwise` decides. A redelivery of the event
   * that has the key passes. Keys are kept as long as ids, and are not encoded with the event.
   */
  readonly guards?: readonly Guard[]
  /** Key of the original event, if an operator edited the payload (`InboxView.rerun`). */
  readonly origin?: string
  /** Trace of the delivery (`traceparent`, `tracestate`), for the `around` method of observers. */
  readonly carrier?: Readonly<Record<string, string>>
  /** Set if `payload` is the complete body, parsed with or without exact integers: then it need not be stored with the body. */
  readonly source?: 'json' | 'exact'
  /** True if its delivery contained several events, or a list: the bytes then contain more than this event. */
  readonly batch?: true
  /** Set if `storage.content` keeps less than all: the contents are erased when the tasks are done. */
  readonly passing?: true
  /** The contents were erased (`InboxView.erase`): the payload is null, or the part that was kept. The event never runs again. */
  readonly erased?: true
}

/** An event as its handler gets it. */
export interface WebhookEvent<Topic extends string = string, Payload = unknown> {
  /** The sender's id of the event; undefined if the sender has none. */
  readonly id: string | undefined
  readonly topic: Topic
  readonly payload: Payload
  readonly provider: string
  readonly receiver: string
  /** The tenant of the secret that verified it, or what `tenantKey` returned. */
  readonly tenant: string | undefined
  /** The value of the adapter's option `context`. */
  readonly context: Json | undefined
  /** When its delivery arrived, in milliseconds since 1970. */
  readonly receivedAt: number
  /** True if its delivery contained several events, or a list: the bytes then contain more than this event. */
  readonly batch?: true | undefined
  /** The request that contained it, without credentials. */
  readonly delivery: StoredDelivery
  /** The trace context that an observer stored with it (`traceparent`, `tracestate`). */
  readonly carrier?: EventRecord['carrier'] | undefined
}

/** Makes the event for handlers from its stored parts. `payload` differs if a schema transformed it. */
export function toEvent(
  receiver: string,
  event: EventRecord,
  delivery: StoredDelivery,
  payload: unknown,
): WebhookEvent {
  return {
    id: event.id,
    topic: event.topic,
    payload,
    provider: event.provider,
    receiver,
    tenant: event.tenant,
    context: delivery.context,
    receivedAt: delivery.receivedAt,
    batch: event.batch,
    delivery,
    carrier: event.carrier,
  }
}

/**
 * Returns a key that starts with its tenant, so that equal values of two tenants are two keys. The length before the tenant
 * separates it from the value, whatever characters both have. The mark is not a digit, so it separates the kinds of keys.
 */
export function tenantKey(tenant: string | undefined, mark: string, value: string): string {
  return tenant === undefined ? `${mark}${value}` : `${tenant.length}:${tenant}${mark}${value}`
}
