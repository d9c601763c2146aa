import type { MaybePromise } from '../basics/maybe.ts'
import type { Page, TaskFilter, TaskError } from './view.ts'

/** The history for people: attempts, deliveries with their replies, counts by minute. Losing it loses no event. */
export interface Journal {
  /**
   * Writes a batch off the path of deliveries. It may fail: the batch is then lost and counted. At most a second of
   * deliveries comes in one batch, and the rows of a transaction are bounded.
   */
  write(batch: JournalBatch): MaybePromise<void>
  /** Deliveries that made no new event, newest first. */
  rejections(filter?: DeliveryFilter): MaybePromise<Page<Arrival>>
  /** Accepted and rejected deliveries in one order, newest first. Lists leave `kept` and `replyBody` out. */
  deliveries(filter?: DeliveryFilter): MaybePromise<Page<Arrival>>
  /** One delivery, with its head and body if they were kept. */
  delivery(id: string): MaybePromise<Arrival | undefined>
  /** The attempts of a task, oldest first: the first one and the last nineteen. Written in the transaction that settles. */
  attempts(task: string): MaybePromise<readonly Attempt[]>
  /**
   * What people did to tasks, newest first: the last 1,000. Each is written in the transaction of its change; an inbox on
   * BullMQ writes it before the first change, and counts behind each step.
   */
  actions(query?: ActionQuery): MaybePromise<Page<OperatorAction>>
  /** Counts, durations and gauges of a time range, in steps of whole minutes. */
  history(range: HistoryRange): MaybePromise<readonly Bucket[]>
}

/** One batch of entries. */
export interface JournalBatch {
  readonly arrived: readonly Arrival[]
  readonly minutes: readonly MinuteCount[]
  readonly gauges: readonly MinuteGauge[]
  /** Deliveries that were not kept since the last batch, since more came than the rate allows. */
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
  /** Path of the URL, without query; at most 500 characters. */
  readonly path: string
  readonly outcome: ArrivalOutcome
  /** True once a signature matched: two rings are kept, and strangers fill only theirs. */
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
  /** Ids of its events, at most ten; for rejected deliveries the id that an unverified header claims. */
  readonly ids: readonly string[]
  /** The topic that a rejected delivery claims, if its body was kept and not sealed: anybody can have sent it. */
  readonly claims?: string
  /** Keys of its events (`EventRecord.key`), at most ten: `list({ keys })` finds the tasks. */
  readonly keys: readonly string[]
  /** True if it came by `receiver.ingest`, from the sender's API. */
  readonly unsigned?: true
  /** `cloud` if no signature but a cloud's own rules vouch for it, as `receiver.ingest` was told. */
  readonly verifiedBy?: 'cloud'
  /** Body of the reply, at most 4 KiB of text. */
  readonly replyBody?: string
  /** Head and body of a rejected delivery, kept for `explain`: signatures as they came, and no credential of any sender. */
  readonly kept?: KeptRequest
  /** The place of `kept`: a journal keeps one request for each slot, the last. Lists and rows leave it out. @default receiver and code */
  readonly slot?: string
}

/** A rejected delivery as it came, but for credentials: `(masked)` stands for each. */
export interface KeptRequest {
  readonly url: string
  /** Those that its provider reads, and some that tell of proxies. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  /** What was masked: `header x-gitlab-token`, `query secret`, `field value[].clientState`, or the whole `body`. */
  readonly masked?: readonly string[]
}

/** Which deliveries. Everything given must hold; an unknown key is a `TypeError`. */
export interface DeliveryFilter {
  readonly receiver?: string
  readonly provider?: string
  readonly outcome?: ArrivalOutcome | readonly ArrivalOutcome[]
  readonly code?: string
  /** An event id, claimed or verified. */
  readonly eventId?: string
  /** A topic pattern. */
  readonly topic?: string
  /** Text in reason, ids, topics, also claimed ones, or path. */
  readonly text?: string
  /** Arrived at or after, in milliseconds since 1970. */
  readonly since?: number
  /** Arrived before, in milliseconds since 1970. */
  readonly until?: number
  /** Rows of one page. @default 50, at most 1000 */
  readonly limit?: number
  readonly cursor?: string
  /** Milliseconds a scan may take before it returns the rows found so far. @default 500 */
  readonly budget?: number
}

/** One run of a task. */
export interface Attempt {
  /** 1 for the first. */
  readonly attempt: number
  /** When it started, in milliseconds since 1970. */
  readonly startedAt: number
  /** Milliseconds it ran; undefined if it was interrupted. */
  readonly duration: number | undefined
  readonly outcome: 'done' | 'retry' | 'postpone' | 'dead' | 'interrupted'
  readonly error?: TaskError
  /** Host and process id. */
  readonly process: string
}

/** What a series counts: runs, deliveries, times, or tasks that ended without a run (`debounce`). */
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
  /** What `by` groups: an outcome, a code of rejections, or a cause of failures. */
  readonly by: 'outcome' | 'code' | 'cause'
  readonly value: string
  readonly count: number
  /** Sum and maximum in microseconds. */
  readonly sum: number
  readonly max: number
  /** Counts by bucket of microseconds, log2 with four sub-buckets, as `[bucket, count]` of those above 0. */
  readonly histogram: readonly (readonly [bucket: number, count: number])[]
}

/** Tasks of one subscription at the end of a minute: the last value counts. */
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

/** Which history. Times in milliseconds since 1970. */
export interface HistoryRange {
  readonly from: number
  readonly to: number
  /** Width of a bucket in milliseconds, whole minutes. */
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

/** Which actions. An unknown key is a `TypeError`. */
export interface ActionQuery {
  /** This one alone, with the ids of its tasks. */
  readonly id?: string
  /** Those that changed this task, by its id. Ids are kept for the newest 20,000 tasks that were changed. */
  readonly task?: string
  /** Rows of one page. @default 50, at most 1000 */
  readonly limit?: number
  readonly cursor?: string
}

/** What somebody did to tasks: one change, however many calls it took. Times in milliseconds since 1970. */
export interface OperatorAction {
  /** Unique in its inbox and sortable by time. */
  readonly id: string
  /** When it started, and when its last step was done. */
  readonly at: number
  readonly last: number
  readonly what: 'replay' | 'rerun' | 'delete' | 'erase' | 'prune'
  /** Who did it, as `ChangeOptions.by` said. */
  readonly by?: string
  /** Which tasks: `text` is `(not kept)`, since payloads may be erased. */
  readonly filter: TaskFilter
  /** Tasks that were changed; of `erase`, events. */
  readonly count: number
  /** Of `rerun`: id of the new task. */
  readonly result?: string
  /** If asked for by `id`: the tasks that were changed, at most 20,000; none of `erase` and `prune`. */
  readonly tasks?: readonly string[]
}
