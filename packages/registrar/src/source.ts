/**
 * Events that a sender's API lists, to fetch what a receiver missed. Two kinds: a source of payloads returns the payloads of the
 * webhooks; a source of redeliveries asks the sender to deliver again, signed. `@postern/registrar` has those of ten senders.
 *
 * What its methods throw has a `code`: `not_found` and `invalid` concern one event, which is counted as failed.
 * On `rate_limited`, the catch-up waits `retryAfter` milliseconds and tries again. Everything else ends a catch-up, and a later call continues.
 */
export type Source = PayloadSource | RedeliverySource

/** Lists events whose payload the API has. The payloads are not signed: the token vouches for them. */
export interface PayloadSource extends SourceBase {
  readonly kind: 'payload'
  /**
   * True if the provider makes the id of an event from its payload, so that it is another than the listed one. Otherwise
   * what is fetched under one id and identifies as another is rejected. @default false
   */
  readonly derivesIds?: boolean
  /** The one delivery of an event, as the provider's `events` reads it. */
  readonly read: (event: ListedEvent) => Promise<ListedDelivery>
  /**
   * The version that the endpoint's deliveries are rendered in, at senders whose payloads depend on it. Compare it with
   * `version` of each event. Undefined: the account's own.
   */
  readonly version?: () => Promise<string | undefined>
}

/** Lists events that the API can deliver again. They arrive like any delivery, signed. */
export interface RedeliverySource extends SourceBase {
  readonly kind: 'redelivery'
  /** Asks for one event again. It resolves when the sender has taken the request, before it delivers. */
  readonly redeliver: (event: ListedEvent) => Promise<void>
  /** Asks for everything in a range that the sender never tried to deliver, at senders that list attempts alone. */
  readonly redeliverUntried?: (range: Pick<Range, 'since' | 'until'>) => Promise<void>
}

/** What both kinds have. */
export interface SourceBase {
  /** The provider's name, as in `@postern/providers`. */
  readonly provider: string
  /** Name of the list: `repository octo/hello`. It never holds a secret. Progress is kept under it. */
  readonly account: string
  /**
   * Events of a range, newest first. Each page is one request; `limit` bounds what is held. It returns true if older events
   * were left because of the limit, and `endless` if the pages brought nothing new within the range or did not end.
   */
  readonly list: (range: Range) => AsyncIterable<ListedEvent, boolean | 'endless'>
}

/** What to list. */
export interface Range {
  /** Milliseconds since 1970, inclusive. */
  readonly since: number
  /** Milliseconds since 1970, inclusive. Fix it at the start, so that pages do not move while they are read. */
  readonly until: number
  /** Events at most; the newest are listed. @default 10000 */
  readonly limit?: number
  /** False lists what was delivered, too. Senders that do not say which those are list everything. @default true */
  readonly undelivered?: boolean
}

/** One event in a list, without its payload. */
export interface ListedEvent {
  /** The event's id at the sender: `evt_…`, a GUID. */
  readonly id: string
  /** The topic, as the provider names it; undefined if the list does not have it. */
  readonly topic: string | undefined
  /** When it happened or was first sent, in milliseconds since 1970. */
  readonly at: number
  /** Whether the sender says that no attempt succeeded; undefined if it does not say. */
  readonly undelivered: boolean | undefined
  /** The version its payload is rendered in, at senders that have several. */
  readonly version?: string
  /** The source's own handle, for `read` and `redeliver`. It can be stored as JSON. */
  readonly ref: string
}

/** One delivery as an API gives it: what `receiver.ingest` takes. */
export interface ListedDelivery {
  /** The URL it was sent to, if the API says it and the provider needs it. */
  readonly url?: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON text. */
  readonly body: string
}
