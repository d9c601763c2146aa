import type { MaybePromise } from '../basics/maybe.ts'
import type { Page, TaskFilter, TaskError } from './view.ts'

/**
 * The history for operators: attempts, deliveries with their replies, and counts per minute. If the history is lost, no
 * event is lost.
 */
export interface Journal {
  /**
   * Writes a batch of entries, which were collected for at most one second. Deliveries do not wait for this write. A
   * batch that fails is lost, and its loss is counted.
   */
  write(batch: JournalBatch): MaybePromise<void>
  /** Returns all deliveries except accepted ones, newest first. */
  rejections(filter?: DeliveryFilter): MaybePromise<Page<Arrival>>
  /** Returns all deliveries, newest first. Lists leave out `kept` and `replyBody`. */
  deliveries(filter?: DeliveryFilter): MaybePromise<Page<Arrival>>
  /** Returns one delivery, with head and body if these were kept. */
  delivery(id: string): MaybePromise<Arrival | undefined>
  /** Returns attempts of a task, oldest first: the first attempt and the last nineteen. */
  attempts(task: string): MaybePromise<readonly Attempt[]>
  /**
   * Returns the actions of operators, such as a replay, newest first. The newest 1,000 actions are kept. Each action is
   * written in the same transaction as its change. An inbox on BullMQ writes the action before its first change, and
   * updates `count` after each step.
   */
  actions(query?: ActionQuery): MaybePromise<Page<OperatorAction>>
  /**
   * Returns counts, durations and gauges (numbers of tasks at one moment) of a time range, in steps of whole minutes.
   */
  history(range: HistoryRange): MaybePromise<readonly Bucket[]>
}

/** A batch of entries for the journal. */
export interface JournalBatch {
  readonly arrived: readonly Arrival[]
  readonly minutes: readonly MinuteCount[]
  readonly gauges: readonly MinuteGauge[]
  /**
   * Number of deliveries since the last batch that were not kept because they exceeded the rate limit of the journal.
   */
  readonly lost: number
}

/** The outcome of a delivery. */
export type ArrivalOutcome = 'accepted' | 'duplicate' | 'handshake' | 'unhandled' | 'rejected'

/** A delivery that arrived. Times are in milliseconds since 1970. */
export interface Arrival {
  /** Unique in the inbox. Sorting by id sorts by time. */
  readonly id: string
  readonly at: number
  readonly receiver: string
  readonly provider: string
  readonly method: string
  /** Path of the URL, without the query, at most 500 characters. */
  readonly path: string
  readonly outcome: ArrivalOutcome
  /**
   * True if the signature matched. Unverified deliveries are kept separately, so that they push out no verified
   * delivery.
   */
  readonly verified: boolean
  /** Code of the rejection, if the delivery was rejected. */
  readonly code?: string
  /** Reason of the rejection, as observers get it; at most 500 characters. */
  readonly reason?: string
  /** HTTP status of the reply. */
  readonly status: number
  /** Time from the arrival of the request's head to the reply, in milliseconds. */
  readonly took: number
  /** Size of the body on the wire, in bytes. */
  readonly bytes: number
  /** Topics of the delivery's events, at most ten. */
  readonly topics: readonly string[]
  /** Ids of the delivery's events, at most ten. For a rejected delivery, the id from a header, which is unverified. */
  readonly ids: readonly string[]
  /**
   * The topic of a rejected delivery, if its body was kept and not encrypted. The topic is unverified, so anybody can
   * have sent it.
   */
  readonly claims?: string
  /**
   * Keys of the delivery's events (`EventRecord.key`), at most ten. `list({ keys })` returns the tasks of these events.
   */
  readonly keys: readonly string[]
  /** True if the delivery was fetched from the sender's API and passed to `receiver.ingest`. */
  readonly unsigned?: true
  /**
   * `cloud` if the delivery was verified by a cloud's own rules instead of a signature, as the caller of
   * `receiver.ingest` stated.
   */
  readonly verifiedBy?: 'cloud'
  /** Body of the reply, if it is text; at most 4 KiB. */
  readonly replyBody?: string
  /** Head and body of a rejected delivery, kept for `explain`. Signatures are included, credentials are not. */
  readonly kept?: KeptRequest
  /**
   * The name under which `kept` is stored. A journal keeps only the last request of each name. Rows and lists leave
   * `slot` out.
   * @default receiver and code
   */
  readonly slot?: string
}

/** The head and body of a rejected delivery as they arrived, with `(masked)` in place of credentials. */
export interface KeptRequest {
  readonly url: string
  /** Headers that the provider reads, and some headers of proxies. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  /**
   * Where credentials were masked: `header x-gitlab-token`, `query secret`, `field value[].clientState`, or the whole
   * `body`.
   */
  readonly masked?: readonly string[]
}

/** Filter of deliveries: all given keys must match. An unknown key causes a `TypeError`. */
export interface DeliveryFilter {
  readonly receiver?: string
  readonly provider?: string
  readonly outcome?: ArrivalOutcome | readonly ArrivalOutcome[]
  readonly code?: string
  /** An event id, verified or not. */
  readonly eventId?: string
  /** A pattern that a topic of the delivery must match. */
  readonly topic?: string
  /** Text that the reason, an id, a topic (verified or not) or the path must contain, in upper or lower case. */
  readonly text?: string
  /** Only deliveries that arrived at or after this time, in milliseconds since 1970. */
  readonly since?: number
  /** Only deliveries that arrived before this time, in milliseconds since 1970. */
  readonly until?: number
  /** Maximum number of rows of a page, up to 1000. @default 50 */
  readonly limit?: number
  readonly cursor?: string
  /**
   * Time after which a search stops and returns the rows found so far, in milliseconds.
   * @default 500
   */
  readonly budget?: number
}

/** One run of a task. */
export interface Attempt {
  /** Number of the attempt, from 1. */
  readonly attempt: number
  /** When the attempt started, in milliseconds since 1970. */
  readonly startedAt: number
  /** Duration in milliseconds; undefined if the attempt was interrupted. */
  readonly duration: number | undefined
  readonly outcome: 'done' | 'retry' | 'postpone' | 'dead' | 'interrupted'
  readonly error?: TaskError
  /** Host name and process id of the process that ran the attempt. */
  readonly process: string
}

/** What a series counts: deliveries, runs of tasks, times from arrival to done, or tasks merged by `debounce`. */
export type CountKind = 'delivery' | 'attempt' | 'end-to-end' | 'folded'

/** Counts of one series in one minute. The counts of several processes are added up. */
export interface MinuteCount {
  /** Start of the minute, in milliseconds since 1970. */
  readonly minute: number
  readonly receiver: string
  /** Undefined if `kind` is `delivery`. */
  readonly subscription?: string
  /**
   * What is counted and measured. `delivery`: the time until the reply. `attempt`: the duration of a run. `end-to-end`:
   * the time from arrival to done.
   */
  readonly kind: CountKind
  /** What `value` is: an outcome, the code of a rejection, or the cause of a failure. */
  readonly by: 'outcome' | 'code' | 'cause'
  readonly value: string
  readonly count: number
  /** Sum and maximum of the measured times, in microseconds. */
  readonly sum: number
  readonly max: number
  /**
   * Number of measured times in each bucket of microseconds, as `[bucket, count]`. Buckets with count 0 are left out.
   * Each power of two has four buckets.
   */
  readonly histogram: readonly (readonly [bucket: number, count: number])[]
}

/**
 * Numbers of tasks of one subscription at the end of a minute. If several gauges are reported for a minute, the last
 * one counts.
 */
export interface MinuteGauge {
  readonly minute: number
  readonly receiver: string
  readonly subscription: string
  readonly pending: number
  readonly running: number
  readonly dead: number
  /** When the oldest of the due tasks became due, in milliseconds since 1970. Undefined if no task is due. */
  readonly oldestDueAt: number | undefined
}

/** A time range of the history. Times are in milliseconds since 1970. */
export interface HistoryRange {
  readonly from: number
  readonly to: number
  /** Width of a bucket in milliseconds; must be whole minutes. */
  readonly step: number
  readonly receiver?: string
  readonly subscription?: string
  /** @default 'delivery' */
  readonly kind?: CountKind | 'gauge'
  /** @default 'outcome' */
  readonly by?: 'outcome' | 'code' | 'cause'
}

/** The history of one series in one step: counts or a gauge. */
export type Bucket =
  | (Omit<MinuteCount, 'minute'> & { readonly from: number })
  | (Omit<MinuteGauge, 'minute'> & { readonly from: number; readonly kind: 'gauge' })

/** Filter of actions. An unknown key causes a `TypeError`. */
export interface ActionQuery {
  /** Only the action with this id. The result then includes the ids of its tasks. */
  readonly id?: string
  /** Only actions that changed the task with this id. The ids of the newest 20,000 changed tasks are kept. */
  readonly task?: string
  /** Maximum number of rows of a page, up to 1000. @default 50 */
  readonly limit?: number
  readonly cursor?: string
}

/** A change of tasks by an operator; several calls may belong to one action. Times are in milliseconds since 1970. */
export interface OperatorAction {
  /** Unique in the inbox. Sorting by id sorts by time. */
  readonly id: string
  /** When the action started, and when its last step was done. */
  readonly at: number
  readonly last: number
  readonly what: 'replay' | 'rerun' | 'delete' | 'erase' | 'prune'
  /** The operator, from `ChangeOptions.by`. */
  readonly by?: string
  /**
   * The filter of the change. Its `text` is replaced by `(not kept)`, since the text may come from a payload that is
   * erased later.
   */
  readonly filter: TaskFilter
  /** Number of changed tasks; for `erase`, the number of erased events. */
  readonly count: number
  /** For `rerun`, the id of the new task. */
  readonly result?: string
  /** Ids of the changed tasks, at most 20,000. Present only if the query has an `id`. Empty for `erase` and `prune`. */
  readonly tasks?: readonly string[]
}
