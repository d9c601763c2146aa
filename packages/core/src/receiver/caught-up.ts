/** What a catch-up did. Times in milliseconds since 1970. */
export interface CaughtUp {
  /** Whose events: `github: repository octo/hello`. */
  readonly source: string
  readonly since: number
  readonly until: number
  /** Events up to then were settled by an earlier call that was cut off; undefined if it started at `since`. */
  readonly resumedAt: number | undefined
  /** Events that the sender listed. */
  readonly listed: number
  /** Those of topics without a subscription: they cost no request. */
  readonly skipped: number
  /** Those to take or to ask for, by topic; `unknown` for topics that the list does not tell. */
  readonly topics: Readonly<Record<string, number>>
  /** Events that are new in the inbox, or were revived there. */
  readonly accepted: number
  /** Events that the inbox had. */
  readonly duplicates: number
  /** Redeliveries that the sender was asked for. */
  readonly asked: number
  /** True if the sender was asked for what it never tried to deliver, too. */
  readonly askedUntried: boolean
  /** Events that had become older than the inbox's `dedupeWindow` before they were accepted. */
  readonly expired: number
  /** Events that could not be had or read. */
  readonly failed: number
  /** The first hundred of them. */
  readonly failures: readonly CatchUpFailure[]
  /** False if events of the range may be left; `cut` says why. */
  readonly complete: boolean
  /**
   * `limit`: more events were in the range, and the older ones were left; continue with `until` of the oldest. `endless`: the
   * sender's pages brought nothing new, or did not end. `moving`: the list still brought new events when it was read for the
   * fifth time. `time`: an entry of the list has no time, and what came behind it was left. Undefined if it is complete.
   */
  readonly cut: 'limit' | 'endless' | 'moving' | 'time' | undefined
  /** When the oldest event of the list happened; undefined if it is empty. */
  readonly oldest: number | undefined
}

/** An event that could not be taken. It never holds a payload. */
export interface CatchUpFailure {
  readonly id: string
  readonly topic: string | undefined
  readonly at: number
  /** `not_found`, `malformed_body`, `missing_event_id` … */
  readonly code: string
}
