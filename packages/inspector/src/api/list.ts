/**
 * A page of the list for the search `q`. The search has qualifiers, separated by blanks: `topic:orders/*`,
 * `state:dead`, `outcome:rejected`, `code:`, `cause:`, `provider:`, `receiver:`, `subscription:`, `part:`, `task:`,
 * `id:`, `since:2h`, `until:`, `error:`, `status:`, `payload.user.id:7`. A value with blanks is in double quotes.
 * `-name:value` excludes the rows that match. All other words are text. If `q` is only text, the search covers ids and
 * topics, then errors, then payloads, and each row names the place of its match. With a qualifier of tasks, the list
 * has tasks, otherwise deliveries. Both have rows of the same type.
 */
export interface ListReply {
  readonly rows: readonly ListRow[]
  readonly cursor: string | undefined
  /** Time back to which the search has covered all rows. Undefined at the end of the list. */
  readonly searchedTo: number | undefined
  readonly version: string
  /** Set if `q` is wrong: a message that says why. `rows` is then empty. */
  readonly problem?: string
  /** With `problem`: a corrected search to suggest. */
  readonly meant?: string
  /**
   * The filter for an action on the whole list. Undefined for lists of deliveries, and if no filter of tasks can
   * express a condition of `q`.
   */
  readonly tasks?: Readonly<Record<string, string | number>>
}

/** One delivery with its tasks, or one event with the tasks that match. */
export interface ListRow {
  /** Id of the row: `delivery:<id>` or `task:<id>`. */
  readonly id: string
  readonly at: number
  readonly receiver: string
  readonly provider: string
  readonly topic: string | undefined
  /**
   * The topic that the body of a rejected delivery claims, which is unverified. Undefined for visitors without
   * `payloads`.
   */
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
  /** Where the search found the plain text. `id` stands for an id, a topic or a reason. */
  readonly by?: 'id' | 'error' | 'payload'
}

export interface RowTask {
  readonly id: string
  readonly subscription: string
  readonly part: string | undefined
  readonly state: 'pending' | 'running' | 'done' | 'dead'
  /** True if the task failed before, and waits for its next run. */
  readonly retrying: boolean
  readonly interrupted: boolean
  /**
   * With `debounce`: why the task is done without a run. `into` is the id of the task that runs instead. `folded` is
   * the number of other events that this task also runs for.
   */
  readonly skipped: 'folded' | 'stale' | undefined
  readonly into: string | undefined
  readonly folded: number
  readonly attempts: number
  /** When the task is due, in milliseconds since 1970. */
  readonly due: number | undefined
  /** The error of the last run on one line, if the task waits for a retry or is dead. */
  readonly failure: string | undefined
  /** The cause of the error: a hash that groups equal errors. Undefined for visitors without `payloads`. */
  readonly cause: string | undefined
}

export interface SuggestReply {
  /** Values for the qualifier at the end of `q`, or qualifiers that start with its last word. */
  readonly suggestions: readonly { readonly insert: string; readonly note?: string }[]
}
