/**
 * `q` has qualifiers, separated by blanks: `topic:orders/*`, `state:dead`, `outcome:rejected`, `code:`, `cause:`, `provider:`,
 * `receiver:`, `subscription:`, `part:`, `task:`, `id:`, `since:2h`, `until:`, `payload.user.id:7`; values with blanks are in double
 * quotes; `-name:value` leaves rows out, `error:` and `status:` look through them. The rest is text: alone, it is looked for in ids and topics,
 * then in errors, then in payloads, and each row says where it was found. Qualifiers of tasks list tasks, all others deliveries; a row looks the same.
 */
export interface ListReply {
  readonly rows: readonly ListRow[]
  readonly cursor: string | undefined
  /** How far back it looked. */
  readonly searchedTo: number | undefined
  readonly version: string
  /** What `q` cannot mean, in words; the rows are then empty. */
  readonly problem?: string
  /** The search that may be meant then. */
  readonly meant?: string
  /**
   * The filter of tasks for actions on the whole list. Undefined if `q` also means something that no filter can say.
   */
  readonly tasks?: Readonly<Record<string, string | number>>
}

/** One delivery, or one event of the tasks that match. */
export interface ListRow {
  /** `delivery:<id>` or `task:<id>`. */
  readonly id: string
  readonly at: number
  readonly receiver: string
  readonly provider: string
  readonly topic: string | undefined
  /** The topic in the body of a rejected delivery. It is unverified. Undefined for visitors without `payloads`. */
  readonly claims: string | undefined
  readonly eventId: string | undefined
  /** The value of the payload field that the visitor chose for this topic, at most 120 characters. */
  readonly field?: string
  /** Undefined for rows of tasks. */
  readonly outcome:
    | 'accepted'
    | 'duplicate'
    | 'handshake'
    | 'unhandled'
    | 'rejected'
    /** No subscription matches, and an `answer` function made the reply. */
    | 'answered'
    | undefined
  readonly code: string | undefined
  readonly reason: string | undefined
  readonly status: number | undefined
  readonly took: number | undefined
  readonly tasks: readonly RowTask[]
  /** The place of a plain-text match: an id, topic or reason; an error; a payload. */
  readonly by?: 'id' | 'error' | 'payload'
}

export interface RowTask {
  readonly id: string
  readonly subscription: string
  readonly part: string | undefined
  readonly state: 'pending' | 'running' | 'done' | 'dead'
  /** True if it failed before, and waits for its next run. */
  readonly retrying: boolean
  readonly interrupted: boolean
  /**
   * With `debounce`: why it is done without a run, the task that ran in its place, and how many events this task ran
   * for.
   */
  readonly skipped: 'folded' | 'stale' | undefined
  readonly into: string | undefined
  readonly folded: number
  readonly attempts: number
  /** When it is due, in milliseconds since 1970. */
  readonly due: number | undefined
  /** The error of its last run on one line, if it waits for a retry or is dead. */
  readonly failure: string | undefined
  /** The cause of that error; undefined for visitors without `payloads`. */
  readonly cause: string | undefined
}

export interface SuggestReply {
  /** Whole values for the qualifier at the end of `q`, or qualifiers. */
  readonly suggestions: readonly { readonly insert: string; readonly note?: string }[]
}
