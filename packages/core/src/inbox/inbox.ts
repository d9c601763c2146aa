import type { Json } from '../delivery.ts'
import type { EventRecord, StoredDelivery } from '../event.ts'
import type { MaybePromise } from '../basics/maybe.ts'
import type { Admission } from '../receive/admit.ts'
import type { Journal } from './journal.ts'
import type { AnyCommit } from '../subscribe/task.ts'
import type { InboxView, TaskError } from './view.ts'

/** Stores accepted events and their tasks until they are done. It deduplicates and stores in one atomic step. */
export interface Inbox<Commit extends AnyCommit = AnyCommit> {
  /** The inbox's name in errors and logs, such as `memoryInbox`. */
  readonly name: string
  /** The type of `task.commit`, never set at run time; `never` without transactions. */
  readonly commit?: Commit
  readonly can: {
    /** Runs tasks with the same `orderingKey` one after another. */
    readonly order: boolean
    /** Offers `task.commit`. */
    readonly transaction: boolean
    /** Keeps acknowledged events when the process dies. */
    readonly durable: boolean
    /** Follows `TaskDraft.fairKey`: one tenant's backlog does not hold up the others. */
    readonly fair: boolean
    /** `index`: filters of the view use an index. `scan`: they read through the tasks, newest first. */
    readonly search: 'index' | 'scan'
  }
  /**
   * How tasks run, if the inbox decides: `onDemand` if the host calls `receiver.runDue()`, false in another process.
   */
  readonly worker?: false | 'onDemand'
  /**
   * Joins a receiver.
   * @throws {TypeError} for a second receiver of the same name.
   */
  attach(consumer: Consumer): Port
  /** Absent only if the inbox keeps no tasks: the reply of `inlineInbox` waits for the handlers. */
  readonly view?: InboxView
  readonly records?: Records
  /** History: attempts, deliveries, counts by minute. Losing it loses no event. */
  readonly journal?: Journal
  /** Minimum milliseconds for which an id is known after its event arrived. `catchUp` fetches nothing older. */
  readonly dedupeWindow: number
  /** Maximum number of pending and running tasks of a receiver. */
  readonly maxPending?: number
  /** Milliseconds after which a claim ends unless its process renews it. */
  readonly lease?: number
  close(): Promise<void>
}

/** A receiver as its inbox sees it. */
export interface Consumer {
  /** Name of the receiver: part of each event's identity. */
  readonly receiver: string
  /** The time in which the sender may deliver one event again, in milliseconds. */
  readonly retrySpan: number
  /** Returns the subscriptions of this process, which can grow. A worker claims only their tasks. */
  lanes(): readonly Lane[]
  /** Runs one attempt and returns its outcome. It never rejects. */
  run(claim: Claim, signal: AbortSignal | undefined): MaybePromise<Outcome>
  /** Call it when an outcome is stored, or with `stored` false if it was rejected since the claim was lost. */
  settled(claim: Claim, outcome: Outcome, stored: boolean, ran?: Ran): void
  /** Call it when an interruption is stored, with the number in a row and the strikes among them. */
  interrupted?(interruption: {
    readonly subscription: string
    readonly task: string
    readonly attempt: number
    readonly count: number
    readonly strikes: number
  }): void
  /** Call it when a task was folded into another or was stale: it is done without a run. */
  folded?(folded: {
    readonly subscription: string
    readonly task: string
    /** The task that runs instead; undefined if this task was stale. */
    readonly into: string | undefined
    /** The key of its event, if it will be erased once its tasks are done. */
    readonly passing: string | undefined
  }): void
  /** Call it when an operator has deleted a task, with the key of its event. */
  deleted?(key: string): void
  /** Call it when a write of the inbox failed. `health` then checks whether deliveries can be stored. */
  failed?(error: unknown): void
  /** Warns operators, for example that a window was shortened or an engine is unreachable. */
  warn(message: string): void
  /** Returns milliseconds since 1970. */
  now(): number
  /** Returns milliseconds of a monotonic clock, to measure runs. @default performance.now() */
  readonly monotonic?: () => number
}

/** One run of a handler, measured once. */
export interface Ran {
  /** Milliseconds since 1970, on the consumer's clock. */
  readonly startedAt: number
  /** Milliseconds. */
  readonly duration: number
}

/** A subscription as inboxes see it. */
export interface Lane {
  readonly name: string
  /** Earlier names. Their pending tasks belong to this subscription. */
  readonly previousNames: readonly string[]
  readonly concurrency: number
  /** True if tasks have an order key. */
  readonly ordered: boolean
  /** Milliseconds that an attempt may take. A lease may be shorter, since it is renewed. */
  readonly timeout: number
  /** Attempts of the retry policy. A suspect is `poison` after this number of strikes, and at least 5. */
  readonly attempts?: number
}

/** A receiver's side of an inbox. */
export interface Port {
  /** Resolves when it is safe to acknowledge, with a result per item. Throws or rejects if nothing was stored. */
  accept(intake: Intake, host: Host): MaybePromise<readonly Accepted[]>
  /**
   * Stores a delivery as `accept` does, and removes it. Throws or rejects as `accept` would. `health` calls it after a
   * failed write, and if no write has succeeded for 15 seconds. If absent, `health` writes a record instead.
   */
  probe?(): MaybePromise<void>
  /** Starts to run tasks. Absent if `accept` runs them. */
  work?(): void
  /**
   * Runs due tasks without `work`. It frees ended leases, claims and runs at most `max` tasks, and waits for these
   * attempts. It starts nothing in the last `last` milliseconds (default 1000) before `until` (milliseconds since
   * 1970). Attempts that run near the end get the abort signal; then their tasks are released without an attempt.
   */
  drain?(until: number, max: number, last?: number): Promise<RunDueResult>
  /**
   * Runs new tasks without `work`, for a host that ignores older tasks. Until the last returned function is called,
   * stored tasks are claimed at once, at most `most`; returns undefined if these have run. The last function resolves
   * when nothing runs, with the due time of the next of these tasks (milliseconds since 1970), if any. The other
   * functions resolve to undefined.
   */
  burst?(
    most: number,
  ): (() => Promise<{ readonly next: number | undefined } | undefined>) | undefined
  /**
   * Stops accepting, and ends by `until` (milliseconds since 1970; a later jump of the clock does not move it). It claims no more tasks, unless they would be lost with the process. The signal of running attempts
   * aborts at half of the time left. Tasks that still run at the end are released as before their claim, early enough
   * to be stored by `until`. Late outcomes are rejected.
   */
  close(until: number): Promise<void>
}

/** Result of one call of `runDue`. */
export interface RunDueResult {
  /** Number of attempts that ran. */
  readonly ran: number
  readonly done: number
  readonly retried: number
  readonly dead: number
  readonly postponed: number
  /** Number of due tasks that did not run. */
  readonly left: number
  /** When the next task is due or the next lease ends, in milliseconds since 1970; undefined if nothing waits. */
  readonly next: number | undefined
}

/** The host's side of one delivery. */
export interface Host {
  /** Keeps the process or isolate alive until the promise settles (Workers, Vercel, Next's `after`). */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined
  /** The result of `receiver.admit`, if the host called it before it read the body. */
  readonly admission?: Admission | undefined
  /**
   * Opens a transaction of the app, awaits `accept` in it, and ends it. It is called only for verified deliveries with
   * events. The reply waits for it. If it rejects, the sender gets 503 `inbox_unavailable` and tries again.
   */
  readonly transaction?: ((accept: AcceptWithin) => Promise<unknown>) | undefined
}

/**
 * Stores the delivery in the transaction that `inTransaction` of the inbox's package put into `host`. Rejects if it
 * cannot be stored. Do not catch that error, so that the transaction is rolled back.
 */
export type AcceptWithin = (host: Host) => Promise<void>

/** One delivery, stored or rejected as a whole. */
export interface Intake {
  readonly delivery: StoredDelivery
  readonly items: readonly IntakeItem[]
}

/** An event of a delivery with its tasks: one for each subscription, at least one. Keys are compared byte by byte. */
export interface IntakeItem {
  readonly event: EventRecord
  readonly tasks: readonly TaskDraft[]
}

/** A task to be stored. */
export interface TaskDraft {
  readonly subscription: string
  /** Distinguishes child tasks of one subscription, such as the destinations of `forward`. */
  readonly part?: string
  /** Tasks of one subscription and key run one after another. */
  readonly orderKey?: string
  /** Data of a child task, in addition to its event. */
  readonly data?: Json
  /** The tenant. Claims serve the tenants of a subscription in rotation. */
  readonly fairKey?: string
  /** Folds pending tasks of one subscription and `orderKey` into the newest. */
  readonly debounce?: DebounceDraft
}

/** How a task is folded with others of its order key. */
interface DebounceDraft {
  /** When its event arrived, in milliseconds since 1970. */
  readonly at: number
  /** Milliseconds that it waits for a later event, and the maximum that the first event waits. */
  readonly wait: number
  readonly maxWait: number
  /** A lower value than the highest of its key runs nothing. Equal, missing or of another type: arrival decides. */
  readonly newest?: number | string
}

/**
 * `new`: stored. `duplicate`: known, runs nothing. `revived`: known; its failed or dead tasks are pending again.
 * `busy`: its duplicate is running, and the reply must say so (only inline inboxes). `rejected`: a guard with `reject`
 * belongs to another event, so nothing of the delivery is stored.
 */
export type Accepted = 'new' | 'duplicate' | 'revived' | 'busy' | 'rejected'

/** One attempt at one task. */
export interface Claim {
  /** Identity of the task in its inbox. */
  readonly id: string
  readonly subscription: string
  readonly part?: string | undefined
  readonly data?: Json | undefined
  readonly event: EventRecord
  readonly delivery: StoredDelivery
  /** Number of folded events, and when the first arrived (milliseconds since 1970). Undefined without `debounce`. */
  readonly folded?: { readonly count: number; readonly since: number } | undefined
  /** Number of the attempt, from 1. It counts from the claim, so an attempt that killed the process counts too. */
  readonly attempt: number
  /** Registers a function for a lost claim: the lease ended, or another process settled the task. */
  readonly onLost?: (stop: (reason: Error) => void) => void
  /**
   * Runs the writes, settles the task as done and stores its child tasks in one fenced transaction, if the inbox
   * `can.transaction`. A later outcome of the attempt changes nothing.
   */
  readonly commit?:
    | ((
        write: (transaction: unknown) => unknown,
        spawn: readonly TaskDraft[] | undefined,
      ) => unknown)
    | undefined
  /** Settles the task as done and stores its child tasks in an open transaction of the app, if the inbox can. */
  readonly commitIn?:
    | ((transaction: unknown, spawn: readonly TaskDraft[] | undefined) => Promise<void>)
    | undefined
  /**
   * Called with the error of an attempt. For a conflict between transactions, returns milliseconds until the next
   * attempt, which is not counted. Returns undefined for other errors, and after too many conflicts. If absent, each
   * error counts.
   */
  readonly conflict?: ((error: unknown) => number | undefined) | undefined
}

/** How an attempt ended, by the receiver's retry policy. `at` is in milliseconds since 1970, on `Consumer.now()`. */
export type Outcome =
  | { readonly kind: 'done'; readonly spawn?: readonly TaskDraft[] }
  | { readonly kind: 'retry'; readonly at: number; readonly error: TaskError }
  | { readonly kind: 'postpone'; readonly at: number }
  | { readonly kind: 'dead'; readonly error: TaskError }

/**
 * Small keyed values next to the tasks, with compare-and-set: destinations, handshake secrets, marks. A value that
 * cannot be read is logged and counts as absent: `get` returns undefined, `list` leaves it out, and `set` with 0
 * replaces it.
 */
export interface Records {
  get(key: string): MaybePromise<{ readonly value: Json; readonly version: number } | undefined>
  /** Stores the value if the version is still `expected` (0: absent). Returns false otherwise. */
  set(key: string, value: Json, expected: number): MaybePromise<boolean>
  delete(key: string, expected: number): MaybePromise<boolean>
  list(
    prefix: string,
  ): MaybePromise<
    readonly { readonly key: string; readonly value: Json; readonly version: number }[]
  >
}
