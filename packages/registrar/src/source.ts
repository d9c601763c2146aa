/**
 * Events that a sender's API lists, for a catch-up. A source of payloads returns the payloads of the events. A source of
 * redeliveries asks the sender to deliver them again, signed. `@postern/registrar` has sources for ten senders.
 *
 * Errors of its methods have a `code`. `not_found` and `invalid` count one event as failed. On `rate_limited`, the catch-up
 * waits `retryAfter` milliseconds and tries again. Any other error ends a catch-up, and a later call continues.
 */
export type Source = PayloadSource | RedeliverySource

/** Lists events with payloads. The payloads are not signed: the API authenticates them with your token. */
export interface PayloadSource extends SourceBase {
  readonly kind: 'payload'
  /**
   * True if the provider makes the id of an event from its payload, so it differs from the listed id. If false, a payload
   * with another id than the listed one is rejected. @default false
   */
  readonly derivesIds?: boolean
  /** Returns the delivery of an event, in the form of a webhook. */
  readonly read: (event: ListedEvent) => Promise<ListedDelivery>
  /**
   * Returns the API version of the endpoint's deliveries, at senders whose payloads depend on it, to compare with `version`
   * of each event. Undefined is the account's version.
   */
  readonly version?: () => Promise<string | undefined>
}

/** Lists events that the API can deliver again, signed like any delivery. */
export interface RedeliverySource extends SourceBase {
  readonly kind: 'redelivery'
  /** Asks the sender to deliver one event again. Resolves when the sender has accepted the request. */
  readonly redeliver: (event: ListedEvent) => Promise<void>
  /** Asks for events of a range that the sender never tried to deliver, at senders that list only attempts. */
  readonly redeliverUntried?: (range: Pick<Range, 'since' | 'until'>) => Promise<void>
}

/** Members of both kinds of sources. */
export interface SourceBase {
  /** The provider's name, as in `@postern/providers`. */
  readonly provider: string
  /** Name of the list, such as `repository octo/hello`, without any secret. It is part of the key of the progress. */
  readonly account: string
  /**
   * Lists the events of a range, newest first, at most `limit` of them. Each page is one request. Returns true if the limit
   * left older events out. Returns `endless` if a page had no new event within the range, or if the pages did not end.
   */
  readonly list: (range: Range) => AsyncIterable<ListedEvent, boolean | 'endless'>
}

/** A range of events. */
export interface Range {
  /** Milliseconds since 1970, inclusive. */
  readonly since: number
  /** Milliseconds since 1970, inclusive. A fixed end keeps pages from moving while they are read. */
  readonly until: number
  /** Maximum number of events, the newest ones. @default 10000 */
  readonly limit?: number
  /** False also lists delivered events. Senders that do not know which were delivered list all events. @default true */
  readonly undelivered?: boolean
}

/** One event in a list, without its payload. */
export interface ListedEvent {
  /** The event's id at the sender: `evt_…`, a GUID. */
  readonly id: string
  /** The topic, as the provider names it; undefined if the list does not have it. */
  readonly topic: string | undefined
  /** Time of the event or of its first delivery, in milliseconds since 1970. */
  readonly at: number
  /** True if no attempt succeeded; undefined if the sender does not say. */
  readonly undelivered: boolean | undefined
  /** API version of the payload, at senders with several. */
  readonly version?: string
  /** The source's reference for `read` and `redeliver`, which can be stored as JSON. */
  readonly ref: string
}

/** A delivery from an API, for `receiver.ingest`. */
export interface ListedDelivery {
  /** The URL of the delivery, if the provider needs it. */
  readonly url?: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON text. */
  readonly body: string
}
