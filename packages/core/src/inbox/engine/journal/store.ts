import type { MaybePromise } from '../../../basics/maybe.ts'

/** What the journal and the records of a store are made of. Each method is a transaction, or a part of an open one. */
export interface Journaled {
  /** Adds deliveries to their rings; an id that is there already adds nothing. */
  arrive(rows: readonly ArrivalRow[], lost: number): MaybePromise<void>
  /** Drops the oldest of a ring beyond these bounds, at most 1,000 rows. */
  trim(
    ring: Ring,
    bounds: { readonly rows: number; readonly bytes: number; readonly before: number },
  ): MaybePromise<void>
  /** Of each source only the newest kept request stays. */
  trimKept(sources: readonly string[]): MaybePromise<void>
  /** Rows of both rings with an id below `before`, newest first, without what was kept. */
  arrivals(
    before: string | undefined,
    limit: number,
  ): MaybePromise<readonly Omit<ArrivalRow, 'kept'>[]>
  arrival(id: string): MaybePromise<ArrivalRow | undefined>
  /** Numbers of series by name; makes those that are missing, up to 20,000 in all. */
  series(names: readonly string[]): MaybePromise<ReadonlyMap<string, number>>
  everySeries(): MaybePromise<readonly (readonly [number: number, name: string])[]>
  /** Forgets series that were not asked for since a day (days since 1970). */
  dropSeries(before: number): MaybePromise<void>
  /** In one transaction: replaces the bytes of spans, each locked, by what `change` makes of them (undefined: none yet). */
  merge(
    spans: readonly SpanKey[],
    change: (span: SpanKey, data: Uint8Array | undefined) => Uint8Array,
  ): MaybePromise<void>
  /** Spans of a kind that start from a time on and before another, oldest first, at most 64. */
  spans(kind: SpanKind, from: number, to: number): MaybePromise<readonly Span[]>
  /**
   * In one transaction: takes the oldest spans of a kind that start before a time, at most 64, and adds each to the span
   * of another kind that `to` names; `add` is told when it started. True if there may be more.
   */
  rollUp(
    kind: SpanKind,
    before: number,
    to: (at: number) => SpanKey,
    add: (sum: Uint8Array | undefined, data: Uint8Array, at: number) => Uint8Array,
  ): MaybePromise<boolean>
  /** Drops spans of a kind that start before a time. */
  dropSpans(kind: SpanKind, before: number): MaybePromise<void>
  readonly records: RecordRows
}

/** Verified deliveries have a ring, and strangers have another: they never push each other out. */
export type Ring = 'verified' | 'strangers'

/** A delivery of the journal. Ids sort by time. */
export interface ArrivalRow {
  readonly id: string
  readonly ring: Ring
  readonly at: number
  /** JSON of the rest. */
  readonly data: string
  readonly kept?:
    | { readonly source: string; readonly head: string; readonly body: Uint8Array }
    | undefined
}

/** Counts, and gauges, of minutes and hours. */
export type SpanKind = 'minute' | 'hour' | 'gauge' | 'hour-gauge'

/** When a span starts, in milliseconds since 1970. */
export interface SpanKey {
  readonly kind: SpanKind
  readonly at: number
}

/** All series of a span, packed. */
export interface Span extends SpanKey {
  readonly data: Uint8Array
}

/** Keyed values with compare-and-set, as `Records` of the contract; values as JSON. */
export interface RecordRows {
  get(key: string): MaybePromise<RecordRow | undefined>
  /** `expected` 0: only if it is not there. False if the version is another. */
  set(key: string, value: string, expected: number): MaybePromise<boolean>
  delete(key: string, expected: number): MaybePromise<boolean>
  list(prefix: string): MaybePromise<readonly (RecordRow & { readonly key: string })[]>
}

/** A value and its version. */
export interface RecordRow {
  readonly value: string
  readonly version: number
}

/** A text that an inbox writes in the transaction of a change; one with the same key is replaced. */
export interface ActionRow {
  readonly key: string
  readonly value: string
}
