/** What a catch-up did. Times in milliseconds since 1970. */
export interface CaughtUp {
  /** Whose events: `github: repository octo/hello`. */
  readonly source: string
  readonly since: number
  readonly until: number
  /** Events up to then were settled by an earlier call that was cut off; undefined if it began at `since`. */
  readonly resumedAt: number | undefined
  /** Events that the sender listed. */
  readonly listed: number
  /** Those of topics without a subscription: they cost no request. */
  readonly skipped: number
  /** Those to take or to ask for, by topic; `unknown` for topics that the list does not tell. */
  readonly topics: Readonly<Record<string, number>>
  /** Events that are new in the inbox, or were revived there. */
  readonly taken: number
  /** Events that the inbox had. */
  readonly duplicates: number
  /** Redeliveries that the sender was asked for. */
  readonly asked: number
  /** True if the sender was asked for what it never tried to deliver, too. */
  readonly askedUntried: boolean
  /** Events that had become older than the inbox's window before they were taken. */
  readonly expired: number
  /** Events that could not be had or read. */
  readonly failed: number
  /** The first hundred of them. */
  readonly failures: readonly CatchUpFailure[]
  /** False if more events were in the range than `limit`: the older ones were left. Go on with `until` of the oldest. */
  readonly complete: boolean
  /** When the oldest event of the list happened; undefined if it is empty. */
  readonly oldest: number | undefined
}

/** An event that could not be taken. It never holds a payload. */
export interface CatchUpFailure {
  readonly id: string
  readonly topic: string | undefined
  readonly at: number
  /** `not_found`, `malformed_body`, `unidentified` … */
  readonly code: string
}

/** How far a catch-up is. */
export interface CatchUpProgress {
  readonly phase: 'listing' | 'taking' | 'waiting'
  /** Events listed so far. */
  readonly listed: number
  /** Events to take; 0 while they are listed. */
  readonly wanted: number
  /** Those of them that are settled. */
  readonly done: number
  readonly taken: number
  readonly duplicates: number
  readonly asked: number
  readonly failed: number
  /** While it waits: until when, in milliseconds since 1970. */
  readonly waitsUntil?: number
}

/** The counts of a catch-up while it runs. */
export type Counts = { -readonly [Name in keyof CaughtUp]: CaughtUp[Name] } & {
  failures: CatchUpFailure[]
  topics: Record<string, number>
}

/** Counts that begin at nothing. */
export function newCounts(source: string, since: number, until: number): Counts {
  return {
    source,
    since,
    until,
    resumedAt: undefined,
    listed: 0,
    skipped: 0,
    topics: {},
    taken: 0,
    duplicates: 0,
    asked: 0,
    askedUntried: false,
    expired: 0,
    failed: 0,
    failures: [],
    complete: true,
    oldest: undefined,
  }
}
