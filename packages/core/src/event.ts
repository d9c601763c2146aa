import type { Json } from './delivery.ts'

/** The topics that a provider can send, each with the type of its payload. */
export type EventMap = Record<string, unknown>

/** The part of a delivery that is stored with its events. */
export interface StoredDelivery {
  readonly method: string
  readonly url: string
  /** Header lines in order, names in lower case, without credentials. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** The exact bytes of the body; empty if the body contains a credential that could not be removed. */
  readonly body: Uint8Array
  /** Time when the delivery arrived, in milliseconds since 1970. */
  readonly receivedAt: number
  readonly context?: Json
}

/** An event as a provider reads it from a verified delivery. */
export interface EventDraft {
  /** The sender's own id of the event, equal in all redeliveries; undefined if the sender gives none. */
  readonly id?: string | undefined
  readonly topic: string
  /** Wider names of the topic, such as `issues` for `issues.opened`. Subscriptions to an alias match the event too. */
  readonly aliases?: readonly string[]
  readonly payload: unknown
  /** Further keys that only this event may have (see {@link Guard}), stored in the same atomic step as the event. */
  readonly guards?: readonly Guard[]
  /**
   * Set if the sender reports one change in two events: `id` is the id that both events contain, `topic` the topic of
   * the other event. A subscription that matches both topics gets only the event that arrives first.
   */
  readonly twin?: { readonly id: string; readonly topic: string }
}

/** A key that at most one event may have. The receiver remembers keys as long as event ids. */
export interface Guard {
  readonly key: string
  /**
   * Result for a second event with this key: `reject` replies 401; `duplicate` treats the second event as a redelivery,
   * so nothing runs.
   */
  readonly otherwise: 'reject' | 'duplicate'
}

/** An accepted event as inboxes store it. */
export interface EventRecord {
  /**
   * The key of the event, unique in its receiver. The key consists of tenant and id. Without an id, a digest or a
   * unique value replaces the id.
   */
  readonly key: string
  /** False if `key` is a unique value, so that no other event is a duplicate of this event. */
  readonly dedupe: boolean
  readonly id: string | undefined
  readonly topic: string
  readonly aliases: readonly string[]
  readonly payload: unknown
  /** The tenant of the secret that verified the delivery. */
  readonly tenant: string | undefined
  readonly provider: string
  /**
   * Keys stored in the same atomic step as the event. If another event already has one of these keys,
   * {@link Guard.otherwise} decides what happens. A redelivery of the same event passes. Keys are kept as long as ids,
   * and are not part of the encoded event.
   */
  readonly guards?: readonly Guard[]
  /** Key of the original event, if an operator edited the payload (`InboxView.rerun`). */
  readonly origin?: string
  /** Trace context of the delivery (`traceparent`, `tracestate`), for the `around` method of observers. */
  readonly carrier?: Readonly<Record<string, string>>
  /**
   * Set if `payload` is the complete parsed body, so that inboxes need to store only the body. `exact` means that
   * integers beyond 2^53 were parsed as BigInt.
   */
  readonly source?: 'json' | 'exact'
  /** True if the stored body contains more than this event: several events, or a list of events. */
  readonly batch?: true
  /** True if the option `storage.content` erases content of this event once all its tasks are done. */
  readonly passing?: true
  /**
   * True if the contents were erased (`InboxView.erase`). The payload is then null, or the part that `storage.content`
   * keeps. The event never runs again.
   */
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
  /** The tenant of the secret that verified the delivery, or the result of `tenantKey`. */
  readonly tenant: string | undefined
  /** The value of the adapter's option `context`. */
  readonly context: Json | undefined
  /** Time when the delivery arrived, in milliseconds since 1970. */
  readonly receivedAt: number
  /** True if the bytes of `delivery` contain more than this event: several events, or a list of events. */
  readonly batch?: true | undefined
  /** The request that contained the event, without credentials. */
  readonly delivery: StoredDelivery
  /** The trace context that an observer stored with the event (`traceparent`, `tracestate`). */
  readonly carrier?: EventRecord['carrier'] | undefined
}

/** Creates the event that handlers get. `payload` is separate, since a schema can transform the stored payload. */
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
 * Returns a key that starts with the tenant, so that equal values of two tenants give two keys. The length before the
 * tenant separates tenant and value, whatever characters they contain. `mark` is a character for the kind of key; it
 * must not be a digit.
 */
export function tenantKey(tenant: string | undefined, mark: string, value: string): string {
  return tenant === undefined ? `${mark}${value}` : `${tenant.length}:${tenant}${mark}${value}`
}
