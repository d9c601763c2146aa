/**
 * A source lists the events that a sender's API has, for a catch-up. A source of payloads returns the payloads of the
 * events. A source of redeliveries asks the sender to deliver the events again, signed. `@postern/registrar` has
 * sources for ten senders.
 *
 * Errors that a source throws have a `code`. After `not_found` or `invalid`, the catch-up counts one event as failed
 * and continues with the next event. After `rate_limited`, the catch-up waits `retryAfter` milliseconds and tries
 * again. Any other error ends the catch-up. The next call of `catchUp` continues where this call stopped.
 */
export type Source = PayloadSource | RedeliverySource

/**
 * Lists events with payloads. The payloads are not signed. The receiver trusts a payload because your own request to
 * the API, with your token, fetched the payload.
 */
export interface PayloadSource extends SourceBase {
  readonly kind: 'payload'
  /**
   * True if the provider computes event ids from payloads. Such ids differ from the listed ids. If false, a payload
   * whose id is not the listed id is rejected. @default false
   */
  readonly derivesIds?: boolean
  /** Returns an event as the sender would deliver it. */
  readonly read: (event: ListedEvent) => Promise<ListedDelivery>
  /**
   * Returns the API version of the endpoint's deliveries, or undefined if the endpoint uses the account's version. Only
   * senders whose payloads depend on a version have this method. A catch-up compares the result with the `version` of
   * each event.
   */
  readonly version?: () => Promise<string | undefined>
}

/** Lists events that the API can deliver again, signed like any delivery. */
export interface RedeliverySource extends SourceBase {
  readonly kind: 'redelivery'
  /** Asks the sender to deliver one event again. Resolves when the sender has accepted the request. */
  readonly redeliver: (event: ListedEvent) => Promise<void>
  /**
   * Asks the sender to deliver those events of a range that the sender never tried to deliver. Needed if the sender
   * lists attempts, because an event without an attempt is not in that list.
   */
  readonly redeliverUntried?: (range: Pick<Range, 'since' | 'until'>) => Promise<void>
}

/** Members that both kinds of sources have. */
export interface SourceBase {
  /** The provider's name, as in `@postern/providers`. */
  readonly provider: string
  /**
   * Name of the list, such as `repository octo/hello`, without any secret. The stored progress of a catch-up has this
   * name in its key.
   */
  readonly account: string
  /**
   * Lists at most `limit` events of a range, newest first. Each page is one request. The iterator's return value is
   * true if `limit` cut off older events. The return value is `endless` if a page had no new event within the range, or
   * if the pages did not end.
   */
  readonly list: (range: Range) => AsyncIterable<ListedEvent, boolean | 'endless'>
}

/** A range of events. */
export interface Range {
  /** Milliseconds since 1970, inclusive. */
  readonly since: number
  /**
   * Milliseconds since 1970, inclusive. The end is fixed, so that new events do not move entries to other pages while
   * the list is read.
   */
  readonly until: number
  /** Maximum number of events. If there are more, the newest are listed. @default 10000 */
  readonly limit?: number
  /**
   * If true, lists only undelivered events; if false, all events. A sender that does not know which events were
   * delivered lists all events. @default true
   */
  readonly undelivered?: boolean
}

/** One event in a list, without its payload. */
export interface ListedEvent {
  /** The event's id at the sender: `evt_…`, a GUID. */
  readonly id: string
  /** The topic, as the provider names it; undefined if the list has no topics. */
  readonly topic: string | undefined
  /** Time of the event or of its first delivery, in milliseconds since 1970. */
  readonly at: number
  /** True if no attempt succeeded; undefined if the sender does not say. */
  readonly undelivered: boolean | undefined
  /** API version of the payload, at senders that have several versions. */
  readonly version?: string
  /** Reference with which the source's `read` or `redeliver` finds the event. The reference can be stored as JSON. */
  readonly ref: string
}

/** A delivery from an API, for `receiver.ingest`. */
export interface ListedDelivery {
  /** The URL of the delivery, if the provider needs it. */
  readonly url?: string
  readonly headers: Readonly<Record<string, string>>
  /** The payload as JSON text. */
  readonly body: string
}
