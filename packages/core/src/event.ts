import type { Json } from './delivery.ts'

/** Topics a provider can send, each with the type of its payload. */
export type EventMap = Record<string, unknown>

/** The stored part of a delivery next to its events, without credentials. */
export interface StoredDelivery {
  readonly method: string
  readonly url: string
  /** Header lines in order, names in lower case, credentials left out. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** The exact bytes of the wire; empty if a credential inside them could not be removed. */
  readonly body: Uint8Array
  /** When it arrived, in milliseconds since 1970. */
  readonly receivedAt: number
  readonly context?: Json
}

/** An event as a provider reads it from a verified delivery. */
export interface EventDraft {
  /** The sender's own id of the event: the same over redeliveries. Absent: no dedupe by id. */
  readonly id?: string | undefined
  readonly topic: string
  /** Wider names of the topic: `issues` for `issues.opened`. An exact subscription matches them too. */
  readonly aliases?: readonly string[]
  readonly payload: unknown
  /** Further keys that are taken in the same atomic step as the event's id. */
  readonly guards?: readonly Guard[]
  /**
   * The provider reports one change in two events: the id that both name, and the topic of the other event. A subscription that
   * matches both topics gets only the first of the two.
   */
  readonly twin?: { readonly id: string; readonly topic: string }
}

/** A key that only one event may hold, for as long as ids are known. */
export interface Guard {
  readonly key: string
  /** A second event with this key is rejected with 401 (`reject`), or is a duplicate that runs nothing. */
  readonly otherwise: 'reject' | 'duplicate'
}

/** An accepted event as inboxes keep it. */
export interface EventRecord {
  /** Identity inside its receiver: tenant and id, or a digest, or else a unique value. */
  readonly key: string
  /** False if `key` is a unique value that no other event can have. */
  readonly dedupe: boolean
  readonly id: string | undefined
  readonly topic: string
  readonly aliases: readonly string[]
  readonly payload: unknown
  /** The tenant or key that verified the delivery. */
  readonly tenant: string | undefined
  readonly provider: string
  /**
   * Keys taken in the same atomic step. If one belongs to another event, its `otherwise` decides; a redelivery of the
   * event that holds it passes. They live as long as ids do. Not encoded with the event.
   */
  readonly guards?: readonly Guard[]
  /** Key of the event whose payload was edited (`InboxView.rerun`). */
  readonly origin?: string
  /** Trace of the delivery (`traceparent`, `tracestate`), stored with the event for `around`. */
  readonly carrier?: Readonly<Record<string, string>>
  /**
   * Set if `payload` is the whole body, read as JSON with or without exact integers. An inbox that keeps the delivery need
   * not keep the payload next to it (`encodeEvent` with the delivery leaves it out).
   */
  readonly source?: 'json' | 'exact'
  /** True if its delivery carried several events, or a list of them: then the bytes hold more than this event. */
  readonly batch?: true
  /** Set by a receiver whose `storage.content` keeps less than all: its contents are erased once its tasks are done. */
  readonly passing?: true
  /** Its contents were erased (`InboxView.erase`): the payload is null, or the part of it that was kept. It never runs again. */
  readonly erased?: true
}

/** An event as its handler gets it. */
export interface WebhookEvent<Topic extends string = string, Payload = unknown> {
  /** The sender's id of the event; undefined if the sender has none. */
  readonly id: string | undefined
  readonly topic: Topic
  readonly payload: Payload
  readonly provider: string
  /** Name of the receiver that took it. */
  readonly receiver: string
  /** The tenant or key that verified it (a secret given with a `tenant`). */
  readonly tenant: string | undefined
  /** What the adapter's `context` option put on the request. */
  readonly context: Json | undefined
  /** When its delivery arrived, in milliseconds since 1970. */
  readonly receivedAt: number
  /** True if its delivery carried several events, or a list of them: then the bytes hold more than this event. */
  readonly batch?: true | undefined
  /** The request it came in, without credentials. */
  readonly delivery: StoredDelivery
  /** The trace context an observer stored with it (`traceparent`, `tracestate`). */
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
 * A key that starts with its tenant, so that equal values of two tenants are two keys. The length before the tenant keeps it
 * apart from the rest, whatever characters both have; the mark, which no digit starts, keeps the kinds of keys apart.
 */
export function tenantKey(tenant: string | undefined, mark: string, value: string): string {
  return tenant === undefined ? `${mark}${value}` : `${tenant.length}:${tenant}${mark}${value}`
}
