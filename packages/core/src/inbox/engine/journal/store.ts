import type { MaybePromise } from '../../../basics/maybe.ts'

/** Journal and records of a store. Each method is a transaction, or part of an open one. */
export interface Journaled {
  /** Adds deliveries to their rings. A delivery with a known id is not added again. */
  arrive(rows: readonly ArrivalRow[], lost: number): MaybePromise<void>
  /** Drops the oldest rows of a ring beyond these bounds, at most 1,000 rows per call. */
  trim(
    ring: Ring,
    bounds: { readonly rows: number; readonly bytes: number; readonly before: number },
  ): MaybePromise<void>
  /**
   * Drops kept requests (head and body of rejected deliveries), except the newest request of each source. See
   * `Arrival.slot`.
   */
  trimKept(sources: readonly string[]): MaybePromise<void>
  /** Returns rows of both rings whose id is below `before`, newest first, without their kept requests. */
  arrivals(
    before: string | undefined,
    limit: number,
  ): MaybePromise<readonly Omit<ArrivalRow, 'kept'>[]>
  arrival(id: string): MaybePromise<ArrivalRow | undefined>
  /**
   * Returns the number of each named series (counts of one kind over time). Makes missing series, until the store has
   * 20,000.
   */
  series(names: readonly string[]): MaybePromise<ReadonlyMap<string, number>>
  everySeries(): MaybePromise<readonly (readonly [number: number, name: string])[]>
  /** Drops series that were last used before the day `before`, in days since 1970. */
  dropSeries(before: number): MaybePromise<void>
  /**
   * Replaces the bytes of each span (the counts of a minute or hour) by the result of `change`. For a new span, `data`
   * is undefined. One transaction locks and changes all spans.
   */
  merge(
    spans: readonly SpanKey[],
    change: (span: SpanKey, data: Uint8Array | undefined) => Uint8Array,
  ): MaybePromise<void>
  /** Returns at most 64 spans of a kind that start in `[from, to)`, oldest first. */
  spans(kind: SpanKind, from: number, to: number): MaybePromise<readonly Span[]>
  /**
   * Removes the oldest spans of a kind that start before `before`, at most 64. Merges each removed span with `add` into
   * the span that `to` returns. One transaction does both. Returns true if more spans may be left.
   */
  rollUp(
    kind: SpanKind,
    before: number,
    to: (at: number) => SpanKey,
    add: (sum: Uint8Array | undefined, data: Uint8Array, at: number) => Uint8Array,
  ): MaybePromise<boolean>
  dropSpans(kind: SpanKind, before: number): MaybePromise<void>
  readonly records: RecordRows
}

/**
 * A ring keeps the newest deliveries. Verified and unverified deliveries have one ring each, so that neither kind
 * pushes out the other.
 */
export type Ring = 'verified' | 'strangers'

/** A delivery in the journal. Sorting by id sorts by time. */
export interface ArrivalRow {
  readonly id: string
  readonly ring: Ring
  readonly at: number
  /** JSON of the delivery without `kept` and `slot`. */
  readonly data: string
  readonly kept?:
    | { readonly source: string; readonly head: string; readonly body: Uint8Array }
    | undefined
}

export type SpanKind = 'minute' | 'hour' | 'gauge' | 'hour-gauge'

/** The kind of a span, and its start in milliseconds since 1970. */
export interface SpanKey {
  readonly kind: SpanKind
  readonly at: number
}

export interface Span extends SpanKey {
  readonly data: Uint8Array
}

/** Values by key with compare-and-set; see `Records`. Values are JSON text. */
export interface RecordRows {
  get(key: string): MaybePromise<RecordRow | undefined>
  /** Sets a value if the key's version is `expected`; 0 means that the key is absent. Otherwise returns false. */
  set(key: string, value: string, expected: number): MaybePromise<boolean>
  delete(key: string, expected: number): MaybePromise<boolean>
  list(prefix: string): MaybePromise<readonly (RecordRow & { readonly key: string })[]>
}

export interface RecordRow {
  readonly value: string
  readonly version: number
}

/**
 * A record that an inbox writes in the same transaction as an operator's change. It replaces a record with the same
 * key.
 */
export interface ActionRow {
  readonly key: string
  readonly value: string
}
