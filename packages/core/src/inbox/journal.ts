import type { MaybePromise } from '../basics/maybe.ts'
import type { Page, TaskFilter, TaskError } from './view.ts'

/** History for operators: attempts, deliveries with their replies, counts by minute. Losing it loses no event. */
export interface Journal {
  /** Writes a batch of at most one second, off the path of deliveries. A batch that fails is lost and counted. */
  write(batch: JournalBatch): MaybePromise<void>
  /** Returns deliveries without a new event, newest first. */
  rejections(filter?: DeliveryFilter): MaybePromise<Page<Arrival>>
  /** Returns accepted and rejected deliveries in one order, newest first. Lists leave out `kept` and `replyBody`. */
  deliveries(filter?: DeliveryFilter): MaybePromise<Page<Arrival>>
  /** Returns one delivery, with its head and body if they were kept. */
  delivery(id: string): MaybePromise<Arrival | undefined>
  /** Returns the attempts of a task, oldest first: the first and the last nineteen. */
  attempts(task: string): MaybePromise<readonly Attempt[]>
  /**
   * Returns what operators did to tasks, newest first: the last 1,000 actions. Each is written in the transaction of
   * its change. An inbox on BullMQ writes it before the first change, and counts after each step.
   */
  actions(query?: ActionQuery): MaybePromise<Page<OperatorAction>>
  /** Returns counts, durations and gauges of a time range, in steps of whole minutes. */
  history(range: HistoryRange): MaybePromise<readonly Bucket[]>
}

/** One batch of entries. */
export interface JournalBatch {
  readonly arrived: readonly Arrival[]
  readonly minutes: readonly MinuteCount[]
  readonly gauges: readonly MinuteGauge[]
  /** Number of deliveries since the last batch that exceeded the rate and were not kept. */
  readonly lost: number
}

/** The outcome of a delivery. */
export type ArrivalOutcome = 'accepted' | 'duplicate' | 'handshake' | 'unhandled' | 'rejected'

/** One delivery that arrived. Times in milliseconds since 1970. */
export interface Arrival {
  /** Unique in its inbox and sortable by time. */
  readonly id: string
  readonly at: number
  readonly receiver: string
  readonly provider: string
  readonly method: string
  /** Path of the URL without query, at most 500 characters. */
  readonly path: string
  readonly outcome: ArrivalOutcome
  /** True once a signature matched. Unverified deliveries have a separate ring, so they push out no verified one. */
  readonly verified: boolean
  /** Code of the rejection. */
  readonly code?: string
  /** Reason of the rejection, as observers get it; at most 500 characters. */
  readonly reason?: string
  /** HTTP status of the reply. */
  readonly status: number
  /** Milliseconds from the head of the request to the reply. */
  readonly took: number
  /** Bytes of the body on the wire. */
  readonly bytes: number
  /** Topics of its events, at most ten. */
  readonly topics: readonly string[]
  /** Ids of its events, at most ten. For rejected deliveries, the id from an unverified header. */
  readonly ids: readonly string[]
  /** The unverified topic of a rejected delivery, if its body was kept and not encrypted. Anybody can have sent it. */
  readonly claims?: string
  /** Keys of its events (`EventRecord.key`), at most ten: `list({ keys })` finds the tasks. */
  readonly keys: readonly string[]
  /** True if it came from the sender's API through `receiver.ingest`. */
  readonly unsigned?: true
  /** `cloud` if a cloud's own rules verified it instead of a signature, as the caller of `receiver.ingest` stated. */
  readonly verifiedBy?: 'cloud'
  /** Body of the reply, at most 4 KiB of text. */
  readonly replyBody?: string
  /** Head and body of a rejected delivery, kept for `explain`: with signatures, without credentials. */
  readonly kept?: KeptRequest
  /**
   * The slot of `kept`: a journal keeps the last request of each slot. Lists and rows leave it out.
   * @default receiver and code
   */
  readonly slot?: string
}

/** A rejected delivery as it arrived, with `(masked)` in place of credentials. */
export interface KeptRequest {
  readonly url: string
  /** Headers that the provider reads, and some headers of proxies. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  /** Masked places: `header x-gitlab-token`, `query secret`, `field value[].clientState`, or the whole `body`. */
  readonly masked?: readonly string[]
}

/** Filter of deliveries: all given keys must match. An unknown key is a `TypeError`. */
export interface DeliveryFilter {
  readonly receiver?: string
  readonly provider?: string
  readonly outcome?: ArrivalOutcome | readonly ArrivalOutcome[]
  readonly code?: string
  /** An event id, claimed or verified. */
  readonly eventId?: string
  /** A topic pattern. */
  readonly topic?: string
  /** Text in the reason, the ids, the topics (unverified ones included), or the path. */
  readonly text?: string
  /** Arrived at or after, in milliseconds since 1970. */
  readonly since?: number
  /** Arrived before, in milliseconds since 1970. */
  readonly until?: number
  /** Maximum number of rows of a page, up to 1000. @default 50 */
  readonly limit?: number
  readonly cursor?: string
  /** Milliseconds after which a search returns the rows found so far. @default 500 */
  readonly budget?: number
}

/** One run of a task. */
export interface Attempt {
  /** Number of the attempt, from 1. */
  readonly attempt: number
  /** When it started, in milliseconds since 1970. */
  readonly startedAt: number
  /** Duration in milliseconds; undefined if it was interrupted. */
  readonly duration: number | undefined
  readonly outcome: 'done' | 'retry' | 'postpone' | 'dead' | 'interrupted'
  readonly error?: TaskError
  /** Host and process id. */
  readonly process: string
}

/** What a series counts: deliveries, runs, times from arrival to done, or tasks folded by `debounce`. */
export type CountKind = 'delivery' | 'attempt' | 'end-to-end' | 'folded'

/** Counts of one minute and series. Counts of several processes add up. */
export interface MinuteCount {
  /** Start of the minute, in milliseconds since 1970. */
  readonly minute: number
  readonly receiver: string
  /** Undefined for deliveries. */
  readonly subscription?: string
  /** `delivery`: reply time. `attempt`: duration of a run. `end-to-end`: received to done. */
  readonly kind: CountKind
  /** What `value` is: an outcome, a code of rejections, or a cause of failures. */
  readonly by: 'outcome' | 'code' | 'cause'
  readonly value: string
  readonly count: number
  /** Sum and maximum in microseconds. */
  readonly sum: number
  readonly max: number
  /** Counts above 0 by bucket of microseconds, as `[bucket, count]`. Buckets are log2 with four sub-buckets. */
  readonly histogram: readonly (readonly [bucket: number, count: number])[]
}

/** Tasks of one subscription at the end of a minute. The last value counts. */
export interface MinuteGauge {
  readonly minute: number
  readonly receiver: string
  readonly subscription: string
  readonly pending: number
  readonly running: number
  readonly dead: number
  /** When the oldest due task was due, in milliseconds since 1970; undefined if none is due. */
  readonly oldestDueAt: number | undefined
}

/** A range of history. Times in milliseconds since 1970. */
export interface HistoryRange {
  readonly from: number
  readonly to: number
  /** Width of a bucket: whole minutes, in milliseconds. */
  readonly step: number
  readonly receiver?: string
  readonly subscription?: string
  /** @default 'delivery' */
  readonly kind?: CountKind | 'gauge'
  /** @default 'outcome' */
  readonly by?: 'outcome' | 'code' | 'cause'
}

/** History of one step and series: a count or a gauge. */
export type Bucket =
  | (Omit<MinuteCount, 'minute'> & { readonly from: number })
  | (Omit<MinuteGauge, 'minute'> & { readonly from: number; readonly kind: 'gauge' })

/** Filter of actions. An unknown key is a `TypeError`. */
export interface ActionQuery {
  /** Only this action, with the ids of its tasks. */
  readonly id?: string
  /** Only actions that changed the task with this id. Ids are kept for the newest 20,000 changed tasks. */
  readonly task?: string
  /** Maximum number of rows of a page, up to 1000. @default 50 */
  readonly limit?: number
  readonly cursor?: string
}

/** A change of tasks by an operator, over all its calls. Times in milliseconds since 1970. */
export interface OperatorAction {
  /** Unique in its inbox and sortable by time. */
  readonly id: string
  /** When it started, and when its last step was done. */
  readonly at: number
  readonly last: number
  readonly what: 'replay' | 'rerun' | 'delete' | 'erase' | 'prune'
  /** Who did it, from `ChangeOptions.by`. */
  readonly by?: string
  /** The filter of the change. Its `text` is `(not kept)`, since payloads may be erased. */
  readonly filter: TaskFilter
  /** Number of changed tasks; for `erase`, of events. */
  readonly count: number
  /** For `rerun`, the id of the new task. */
  readonly result?: string
  /** Ids of the changed tasks, at most 20,000, if the query has an `id`. None for `erase` and `prune`. */
  readonly tasks?: readonly string[]
}
