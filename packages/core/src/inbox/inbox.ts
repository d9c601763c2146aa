import type { Json } from '../delivery.ts'
import type { EventRecord, StoredDelivery } from '../event.ts'
import type { MaybePromise } from '../basics/maybe.ts'
import type { Admission } from '../receive/admit.ts'
import type { Journal } from './journal.ts'
import type { AnyCommit } from '../subscribe/task.ts'
import type { InboxView, TaskError } from './view.ts'

/**
 * Stores accepted events and their tasks until the tasks are done. Duplicates are recognized in the same atomic step
 * that stores an event.
 */
export interface Inbox<Commit extends AnyCommit = AnyCommit> {
  /** The inbox's name in errors and logs, such as `memoryInbox`. */
  readonly name: string
  /**
   * Carries the type of `task.commit`, and is never set at run time. The type is `never` for an inbox without
   * transactions.
   */
  readonly commit?: Commit
  readonly can: {
    /** True if tasks with the same `orderingKey` run one after another. */
    readonly order: boolean
    /** True if `task.commit` is available. */
    readonly transaction: boolean
    /** True if acknowledged events survive the end of the process. */
    readonly durable: boolean
    /** True if `TaskDraft.fairKey` is used, so that one tenant's backlog does not delay other tenants. */
    readonly fair: boolean
    /** How the view's filters find tasks. `index`: with an index. `scan`: by reading all tasks, newest first. */
    readonly search: 'index' | 'scan'
  }
  /**
   * Set if the inbox decides how tasks run. `onDemand`: the platform calls `receiver.runDue()`. False: another process
   * runs the tasks.
   */
  readonly worker?: false | 'onDemand'
  /**
   * Connects a receiver to the inbox, and returns the receiver's side of it.
   * @throws {TypeError} for a second receiver of the same name.
   */
  attach(consumer: Consumer): Port
  /**
   * The operators' view. Absent only if the inbox stores no tasks, such as `inlineInbox`, whose replies wait for the
   * handlers.
   */
  readonly view?: InboxView
  readonly records?: Records
  /** The history of attempts, deliveries and counts per minute. If the history is lost, no event is lost. */
  readonly journal?: Journal
  /**
   * Minimum time for which an event id is remembered after the event arrived, in milliseconds. `catchUp` fetches no
   * older events.
   */
  readonly dedupeWindow: number
  /** Maximum number of pending and running tasks of a receiver. */
  readonly maxPending?: number
  /** Time after which a claim ends if its process does not renew it, in milliseconds. */
  readonly lease?: number
  close(): Promise<void>
}

/** The methods and settings of a receiver that its inbox uses. */
export interface Consumer {
  /** Name of the receiver, which is part of each event's identity. */
  readonly receiver: string
  /** How long the sender may deliver an event again, in milliseconds. */
  readonly retrySpan: number
  /**
   * Returns the subscriptions of this process. Subscriptions can be added later. A worker claims only tasks of these
   * subscriptions.
   */
  lanes(): readonly Lane[]
  /** Runs one attempt of a task and returns its outcome. Does not reject. */
  run(claim: Claim, signal: AbortSignal | undefined): MaybePromise<Outcome>
  /**
   * Called by the inbox when an outcome was stored. If the outcome was rejected because the claim was lost, `stored` is
   * false.
   */
  settled(claim: Claim, outcome: Outcome, stored: boolean, ran?: Ran): void
  /**
   * Called by the inbox when an interruption was stored. `count` is the number of interruptions in a row. `strikes` is
   * the number of interruptions that count toward `poison`.
   */
  interrupted?(interruption: {
    readonly subscription: string
    readonly task: string
    readonly attempt: number
    readonly count: number
    readonly strikes: number
  }): void
  /**
   * Called by the inbox for a task that `debounce` has merged into a newer task. Also called for a stale task: a newer
   * event of its key had arrived before. A merged or stale task is done without a run.
   */
  folded?(folded: {
    readonly subscription: string
    readonly task: string
    /** The task that runs instead; undefined if this task was stale. */
    readonly into: string | undefined
    /** The event's key, if the event is to be erased once its tasks are done. */
    readonly passing: string | undefined
  }): void
  /** Called by the inbox when an operator has deleted a task. `key` is the key of the task's event. */
  deleted?(key: string): void
  /** Called by the inbox when one of its writes failed. `health` then checks whether deliveries can be stored. */
  failed?(error: unknown): void
  /** Logs a warning for operators, for example that ids are forgotten early, or that a database is unreachable. */
  warn(message: string): void
  /** Returns milliseconds since 1970. */
  now(): number
  /** Returns milliseconds of a monotonic clock, to measure runs. @default performance.now() */
  readonly monotonic?: () => number
}

/** The start and duration of one run of a handler. */
export interface Ran {
  /** Start of the run, in milliseconds since 1970, on the consumer's clock. */
  readonly startedAt: number
  /** Duration of the run, in milliseconds. */
  readonly duration: number
}

/** The settings of a subscription that inboxes use. */
export interface Lane {
  readonly name: string
  /** Earlier names of the subscription. Pending tasks stored under these names belong to it. */
  readonly previousNames: readonly string[]
  readonly concurrency: number
  /** True if tasks of the subscription have an ordering key. */
  readonly ordered: boolean
  /** Maximum time of an attempt, in milliseconds. A lease may be shorter, since leases are renewed. */
  readonly timeout: number
  /**
   * Maximum number of attempts in the retry policy. A suspect (a task interrupted three times in a row) becomes
   * `poison` after this number of strikes (further interruptions), but not before 5.
   */
  readonly attempts?: number
}

/** A receiver's side of an inbox: the methods that a receiver calls. */
export interface Port {
  /**
   * Stores a delivery. Resolves when it is safe to acknowledge the delivery, with a result for each item. Throws or
   * rejects if nothing was stored.
   */
  accept(intake: Intake, host: Host): MaybePromise<readonly Accepted[]>
  /**
   * Tests whether `accept` works: stores a test delivery in the same way, and removes this delivery again. Throws or
   * rejects as `accept` would. `health` calls `probe` after a failed write, and after 15 seconds without a successful
   * write. If `probe` is absent, `health` writes a record instead.
   */
  probe?(): MaybePromise<void>
  /** Starts to run tasks. Absent if `accept` runs the tasks. */
  work?(): void
  /**
   * Runs due tasks without `work`. Frees tasks whose lease has ended, then claims and runs at most `max` tasks, and
   * waits for their attempts. Starts no task in the last `last` milliseconds (default 1000) before `until`
   * (milliseconds since 1970). Attempts that still run near the end get the abort signal. If they do not end, their
   * tasks are released, and the attempt is not counted.
   */
  drain?(until: number, max: number, last?: number): Promise<RunDueResult>
  /**
   * Starts a burst: new tasks run without `work`, on a platform that does not run older tasks. At most `most` tasks are
   * claimed, each when it is stored. If `most` tasks have already run, `burst` returns undefined. Otherwise, the
   * returned function ends the burst. If several bursts are open, only the last call of such a function ends them;
   * other calls resolve to undefined. The last call resolves when no task runs. Its result `next` is when the next of
   * these tasks is due, in milliseconds since 1970, if any.
   */
  burst?(
    most: number,
  ): (() => Promise<{ readonly next: number | undefined } | undefined>) | undefined
  /**
   * Stops accepting deliveries, and ends by `until` (milliseconds since 1970; later jumps of the clock do not change
   * the deadline). Claims no more tasks, unless waiting tasks would be lost with the process. At half of the time left,
   * aborts the signal of running attempts. Tasks that still run near the end are released as they were before their
   * claim, early enough to be stored by `until`. Later outcomes are rejected.
   */
  close(until: number): Promise<void>
}

/** Result of one call of `runDue`. */
export interface RunDueResult {
  /** Number of attempts that were run. */
  readonly ran: number
  readonly done: number
  readonly retried: number
  readonly dead: number
  readonly postponed: number
  /** Number of due tasks that were not run. */
  readonly left: number
  /**
   * When the next task is due or the next lease ends, in milliseconds since 1970. Undefined if no task waits or runs.
   */
  readonly next: number | undefined
}

/** What the framework or platform provides for one delivery. */
export interface Host {
  /**
   * Keeps the process or isolate alive until the promise settles, on platforms such as Workers, Vercel and Next.js
   * (`after`).
   */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined
  /** The result of `receiver.admit`, if the adapter called it before reading the body. */
  readonly admission?: Admission | undefined
  /**
   * Opens a transaction of the app, awaits `accept` in it, and ends the transaction. Called only for verified
   * deliveries with events, and the reply waits for the result. If `transaction` rejects, the sender gets 503
   * `inbox_unavailable` and tries again.
   */
  readonly transaction?: ((accept: AcceptWithin) => Promise<unknown>) | undefined
}

/**
 * Stores the delivery in a transaction of the app. `host` comes from `inTransaction` of the inbox's package. Rejects if
 * the delivery cannot be stored. Do not catch that error, so that the transaction is rolled back.
 */
export type AcceptWithin = (host: Host) => Promise<void>

/** One delivery with its events, which is stored or rejected as a whole. */
export interface Intake {
  readonly delivery: StoredDelivery
  readonly items: readonly IntakeItem[]
}

/**
 * An event of a delivery, with one task for each matching subscription. At least one subscription matches. Event keys
 * are compared byte by byte.
 */
export interface IntakeItem {
  readonly event: EventRecord
  readonly tasks: readonly TaskDraft[]
}

/** A task to be stored. */
export interface TaskDraft {
  readonly subscription: string
  /** Distinguishes child tasks of one subscription, such as the destinations of `forward`. */
  readonly part?: string
  /** The ordering key. Tasks of one subscription with the same key run one after another. */
  readonly orderKey?: string
  /** Data that a child task has in addition to its event. */
  readonly data?: Json
  /** The tenant. The tenants of a subscription are served in rotation. */
  readonly fairKey?: string
  /** If set, pending tasks of one subscription and `orderKey` are merged (folded) into the newest of them. */
  readonly debounce?: DebounceDraft
}

/** How a task is merged with other tasks of its ordering key. */
interface DebounceDraft {
  /** When the task's event arrived, in milliseconds since 1970. */
  readonly at: number
  /** How long each task waits for a later event, and the maximum time that the first event waits, in milliseconds. */
  readonly wait: number
  readonly maxWait: number
  /**
   * A value that orders the events of a key. If the value is lower than the highest so far, the task does not run. If
   * the value is equal, missing or of another type, the order of arrival decides.
   */
  readonly newest?: number | string
}

/**
 * The result for one event. `new`: the event is stored. `duplicate`: the event is known, and no task runs. `revived`:
 * the event is known, and its failed or dead tasks are pending again. `busy`: a duplicate of the event is running, and
 * the reply must say so (only inline inboxes). `rejected`: a guard (a key that only one event may hold) with `reject`
 * belongs to another event, so the whole delivery is not stored.
 */
export type Accepted = 'new' | 'duplicate' | 'revived' | 'busy' | 'rejected'

/** A claimed task, for one attempt. */
export interface Claim {
  /** The task's id in its inbox. */
  readonly id: string
  readonly subscription: string
  readonly part?: string | undefined
  readonly data?: Json | undefined
  readonly event: EventRecord
  readonly delivery: StoredDelivery
  /**
   * Number of events that were folded into this task, and when the first of them arrived (milliseconds since 1970).
   * Undefined without `debounce`.
   */
  readonly folded?: { readonly count: number; readonly since: number } | undefined
  /** Number of the attempt, from 1. */
  readonly attempt: number
  /**
   * Registers a function that is called if the claim is lost: the lease has ended, or another process has settled the
   * task.
   */
  readonly onLost?: (stop: (reason: Error) => void) => void
  /**
   * Calls `write`, marks the task as done and stores its child tasks, all in one transaction. Fails if the claim is no
   * longer valid. A later outcome of the attempt changes nothing. Present if the inbox `can.transaction`.
   */
  readonly commit?:
    | ((
        write: (transaction: unknown) => unknown,
        spawn: readonly TaskDraft[] | undefined,
      ) => unknown)
    | undefined
  /**
   * Marks the task as done and stores its child tasks in an open transaction of the app. Absent if the inbox does not
   * support this.
   */
  readonly commitIn?:
    | ((transaction: unknown, spawn: readonly TaskDraft[] | undefined) => Promise<void>)
    | undefined
  /**
   * Called with the error of a failed attempt. If the error is a conflict between transactions, the attempt is not
   * counted, and `conflict` returns milliseconds until the next attempt. Returns undefined for other errors, and after
   * too many conflicts. If `conflict` is absent, each failed attempt counts.
   */
  readonly conflict?: ((error: unknown) => number | undefined) | undefined
}

/**
 * How an attempt ended, according to the receiver's retry policy. `at` is when the next attempt is due, in milliseconds
 * since 1970 on the clock of `Consumer.now()`.
 */
export type Outcome =
  | { readonly kind: 'done'; readonly spawn?: readonly TaskDraft[] }
  | { readonly kind: 'retry'; readonly at: number; readonly error: TaskError }
  | { readonly kind: 'postpone'; readonly at: number }
  | { readonly kind: 'dead'; readonly error: TaskError }

/**
 * Small values by key, stored next to the tasks, with compare-and-set. Used for destinations, handshake secrets and
 * positions, for example. A value that cannot be read is logged and counts as absent. Then `get` returns undefined,
 * `list` leaves the value out, and `set` with `expected` 0 replaces it.
 */
export interface Records {
  get(key: string): MaybePromise<{ readonly value: Json; readonly version: number } | undefined>
  /**
   * Stores the value if the key's version is still `expected`; 0 means that the key is absent. Otherwise returns false.
   */
  set(key: string, value: Json, expected: number): MaybePromise<boolean>
  delete(key: string, expected: number): MaybePromise<boolean>
  list(
    prefix: string,
  ): MaybePromise<
    readonly { readonly key: string; readonly value: Json; readonly version: number }[]
  >
}
