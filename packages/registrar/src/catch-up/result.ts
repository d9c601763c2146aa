import type { CatchUpFailure, CaughtUp } from '@postern/core/internal'
import type { Receiver } from '@postern/core'

/** Progress of a catch-up. */
export interface CatchUpProgress {
  /** `taking`: events are ingested or requested. `waiting`: the sender or the inbox asked to wait. */
  readonly phase: 'listing' | 'taking' | 'waiting'
  /** Number of listed events. */
  readonly listed: number
  /** Number of events to ingest or to ask the sender for. The number is 0 until the whole list was read. */
  readonly wanted: number
  /** Number of completed events among `wanted`. */
  readonly done: number
  readonly accepted: number
  readonly duplicates: number
  readonly asked: number
  readonly failed: number
  /** End of the current wait, in milliseconds since 1970. */
  readonly waitsUntil?: number
}

/** The result of a catch-up while it runs, so its counts can still change. */
export type CatchUpCounts = { -readonly [Name in keyof CaughtUp]: CaughtUp[Name] } & {
  failures: CatchUpFailure[]
  topics: Record<string, number>
}

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

/**
 * The members of a receiver that a catch-up uses. The type has no other members, so that a receiver of another copy of
 * `@postern/core` fits too.
 */
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
