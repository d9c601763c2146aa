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
  /** The filter of tasks that this list shows, for bulk actions; absent if `q` does not say tasks alone. */
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
  /** The topic that a rejected delivery claims: nobody has verified it. Undefined for visitors without `payloads`. */
  readonly claims: string | undefined
  readonly eventId: string | undefined
  /** The value of the payload that the visitor wants to see for this topic, at most 120 characters. */
  readonly field?: string
  /** Undefined for rows of tasks. */
  readonly outcome:
    | 'accepted'
    | 'duplicate'
    | 'handshake'
    | 'unhandled'
    | 'rejected'
    /** No subscription takes it, and the function of an answer made the reply. */
    | 'answered'
    | undefined
  readonly code: string | undefined
  readonly reason: string | undefined
  readonly status: number | undefined
  readonly took: number | undefined
  readonly tasks: readonly RowTask[]
  /** Where plain words were found: an id, a topic or a reason; an error; a payload. */
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
  /** With `debounce`: how it is done without a run of its own, the task that stands for it, and the events it stands for. */
  readonly skipped: 'folded' | 'stale' | undefined
  readonly into: string | undefined
  readonly folded: number
  readonly attempts: number
  /** When it is due, in milliseconds since 1970. */
  readonly due: number | undefined
  /** The error of its last run on one line, if it waits for another or is dead. */
  readonly failure: string | undefined
  /** The cause of that error; undefined for visitors without `payloads`. */
  readonly cause: string | undefined
}

export interface SuggestReply {
  /** Whole values for the qualifier at the end of `q`, or qualifiers. */
  readonly suggestions: readonly { readonly insert: string; readonly note?: string }[]
}
