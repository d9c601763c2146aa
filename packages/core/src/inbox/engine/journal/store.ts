import type { MaybePromise } from '../../../basics/maybe.ts'

/** Journal and records of a store. Each method is a transaction, or part of an open one. */
export interface Journaled {
  /** Adds deliveries to their rings. A known id adds nothing. */
  arrive(rows: readonly ArrivalRow[], lost: number): MaybePromise<void>
  /** Drops the oldest rows of a ring beyond these bounds, at most 1,000. */
  trim(
    ring: Ring,
    bounds: { readonly rows: number; readonly bytes: number; readonly before: number },
  ): MaybePromise<void>
  /** Keeps only the newest kept request of each source. */
  trimKept(sources: readonly string[]): MaybePromise<void>
  /** Returns rows of both rings with an id below `before`, newest first, without kept requests. */
  arrivals(
    before: string | undefined,
    limit: number,
  ): MaybePromise<readonly Omit<ArrivalRow, 'kept'>[]>
  arrival(id: string): MaybePromise<ArrivalRow | undefined>
  /** Returns numbers of series by name. Makes missing series, up to 20,000 in all. */
  series(names: readonly string[]): MaybePromise<ReadonlyMap<string, number>>
  everySeries(): MaybePromise<readonly (readonly [number: number, name: string])[]>
  /** Drops series that were last used before a day (days since 1970). */
  dropSeries(before: number): MaybePromise<void>
  /** Replaces the bytes of spans (none for a new span) by those of `change`, in one transaction that locks each. */
  merge(
    spans: readonly SpanKey[],
    change: (span: SpanKey, data: Uint8Array | undefined) => Uint8Array,
  ): MaybePromise<void>
  /** Returns spans of a kind that start in `[from, to)`, oldest first, at most 64. */
  spans(kind: SpanKind, from: number, to: number): MaybePromise<readonly Span[]>
  /**
   * In one transaction: removes the oldest spans of a kind that start before a time, at most 64. Adds each with `add`
   * to the span that `to` names for its start. Returns true if there may be more.
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

/** Verified and unverified deliveries have a ring each, so neither pushes the other out. */
export type Ring = 'verified' | 'strangers'

/** A delivery of the journal. Ids sort by time. */
export interface ArrivalRow {
  readonly id: string
  readonly ring: Ring
  readonly at: number
  /** JSON of the other members. */
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

/** Keyed values with compare-and-set, as `Records` of the contract. Values are JSON. */
export interface RecordRows {
  get(key: string): MaybePromise<RecordRow | undefined>
  /** Sets a value if its version is `expected` (0: absent). Returns false otherwise. */
  set(key: string, value: string, expected: number): MaybePromise<boolean>
  delete(key: string, expected: number): MaybePromise<boolean>
  list(prefix: string): MaybePromise<readonly (RecordRow & { readonly key: string })[]>
}

export interface RecordRow {
  readonly value: string
  readonly version: number
}

/** A record that an inbox writes in the transaction of an operator's change. It replaces one with the same key. */
export interface ActionRow {
  readonly key: string
  readonly value: string
}
