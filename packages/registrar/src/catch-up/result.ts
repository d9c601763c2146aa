import type { CatchUpFailure, CaughtUp } from '@postern/core/internal'
import type { Receiver } from '@postern/core'

/** How far a catch-up is. */
export interface CatchUpProgress {
  readonly phase: 'listing' | 'taking' | 'waiting'
  /** Events listed so far. */
  readonly listed: number
  /** Events to take; 0 while they are listed. */
  readonly wanted: number
  /** Those of them that are settled. */
  readonly done: number
  readonly accepted: number
  readonly duplicates: number
  readonly asked: number
  readonly failed: number
  /** While it waits: until when, in milliseconds since 1970. */
  readonly waitsUntil?: number
}

/** The counts of a catch-up while it runs. */
export type CatchUpCounts = { -readonly [Name in keyof CaughtUp]: CaughtUp[Name] } & {
  failures: CatchUpFailure[]
  topics: Record<string, number>
}

/** Counts that start at nothing. */
export function newCounts(source: string, since: number, until: number): CatchUpCounts {
  return {
    source,
    since,
    until,
    resumedAt: undefined,
    listed: 0,
    skipped: 0,
    topics: {},
    accepted: 0,
    duplicates: 0,
    asked: 0,
    askedUntried: false,
    expired: 0,
    failed: 0,
    failures: [],
    complete: true,
    cut: undefined,
    oldest: undefined,
  }
}

/** The receiver that missed something, as a catch-up sees it. It may be of another copy of core. */
export type Missing = Pick<
  Receiver,
  | 'name'
  | 'provider'
  | 'topics'
  | 'settings'
  | 'subscribes'
  | 'ingest'
  | 'observe'
  | 'observer'
  | 'onClose'
>
