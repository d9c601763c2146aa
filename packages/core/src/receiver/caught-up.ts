/** The result of a catch-up: fetching events whose deliveries were missed. All times are in milliseconds since 1970. */
export interface CaughtUp {
  /** The account or repository whose events were listed, such as `github: repository octo/hello`. */
  readonly source: string
  readonly since: number
  readonly until: number
  /** End of the part that an earlier, interrupted call has completed; undefined if this call started at `since`. */
  readonly resumedAt: number | undefined
  /** Number of events that the sender's API listed. */
  readonly listed: number
  /** Number of listed events whose topic has no subscription. Skipping an event needs no request. */
  readonly skipped: number
  /**
   * Number of events to accept or to request again, by topic. Events that the API lists without a topic are counted as
   * `unknown`.
   */
  readonly topics: Readonly<Record<string, number>>
  /** Number of events that are new in the inbox, or whose failed tasks run again. */
  readonly accepted: number
  /** Number of events that the inbox already had. */
  readonly duplicates: number
  /** Number of redeliveries that were requested from the sender. */
  readonly asked: number
  /** True if the sender was also asked for events that it never tried to deliver. */
  readonly askedUntried: boolean
  /** Number of events that became older than the inbox's `dedupeWindow` before they were accepted. */
  readonly expired: number
  /** Number of events that could not be fetched or read. */
  readonly failed: number
  /** The first 100 failures. */
  readonly failures: readonly CatchUpFailure[]
  /** False if the time range may have more events. Then `cut` gives the reason. */
  readonly complete: boolean
  /**
   * Why the call ended early; undefined if `complete` is true. `limit`: the range has more events than the limit, and
   * the older events are missing; continue with `until` set to `oldest`. `endless`: the sender's pages did not end, or
   * had no new events. `moving`: the list still had new events when it was read for the fifth time. `time`: an entry of
   * the list has no time, so the entries after it are missing.
   */
  readonly cut: 'limit' | 'endless' | 'moving' | 'time' | undefined
  /** Time of the oldest event in the list; undefined if the list is empty. */
  readonly oldest: number | undefined
}

/** An event that could not be accepted. Never contains a payload. */
export interface CatchUpFailure {
  readonly id: string
  readonly topic: string | undefined
  readonly at: number
  /** Error code, such as `not_found`, `malformed_body` or `missing_event_id`. */
  readonly code: string
}
