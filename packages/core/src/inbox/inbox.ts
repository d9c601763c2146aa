import type { Json } from '../delivery.ts'
import type { EventRecord, StoredDelivery } from '../event.ts'
import type { MaybePromise } from '../basics/maybe.ts'
import type { Admission } from '../receive/admit.ts'
import type { Journal } from './journal.ts'
import type { AnyCommit } from '../subscribe/task.ts'
import type { InboxView, TaskError } from './view.ts'

/** Stores accepted events and their tasks until they are done. It dedupes and stores in one atomic step. */
export interface Inbox<Commit extends AnyCommit = AnyCommit> {
  /** The inbox's name in errors and logs, such as `memoryInbox`. */
  readonly name: string
  /** For types alone, and never set: `task.commit` of its tasks; `never` without transactions. */
  readonly commit?: Commit
  readonly can: {
    /** Runs the tasks of one `orderingKey` key one after another. */
    readonly order: boolean
    /** Offers `task.commit`. */
    readonly transaction: boolean
    /** Keeps what it acknowledged when the process dies. */
    readonly durable: boolean
    /** Follows `TaskDraft.fairKey`: one tenant's backlog does not hold up the others. */
    readonly fair: boolean
    /** `index`: the filters of the view use an index. `scan`: they look through the tasks, newest first. */
    readonly search: 'index' | 'scan'
  }
  /**
   * Who runs its tasks, if that is not for the receiver to say: `onDemand` if the host calls `receiver.runDue()`, false if
   * another process runs them. The receiver's option `worker` is then left out.
   */
  readonly worker?: false | 'onDemand'
  /** Joins a receiver. A second receiver of the same name is a `TypeError`. */
  attach(consumer: Consumer): Port
  /** Absent only if it keeps no tasks: the reply of `inlineInbox` waits for the handlers. */
  readonly view?: InboxView
  readonly records?: Records
  /** What happened: attempts, deliveries, counts a minute. Losing it loses no event. */
  readonly journal?: Journal
  /**
   * How long an id is known at least, in milliseconds, counted from when its event came: in that time a redelivery runs
   * nothing. `catchUp` fetches nothing older.
   */
  readonly dedupeWindow: number
  /** Tasks of one receiver that may wait or run. */
  readonly maxPending?: number
  /** How long a claim holds without a sign of life from its process, in milliseconds. */
  readonly lease?: number
  close(): Promise<void>
}

/** A receiver as its inbox sees it. */
export interface Consumer {
  /** Name of the receiver: part of each event's identity. */
  readonly receiver: string
  /** The time in which the sender may deliver one event again, in milliseconds. */
  readonly retrySpan: number
  /** Subscriptions this process has. A worker claims only tasks of these. Ask again at each claim: they can grow. */
  lanes(): readonly Lane[]
  /** Runs one attempt and returns its outcome. It never rejects. */
  run(claim: Claim, signal: AbortSignal | undefined): MaybePromise<Outcome>
  /** Call it when an outcome is stored; or with false if it was rejected because the claim was lost. */
  settled(claim: Claim, outcome: Outcome, stored: boolean, ran?: Ran): void
  /** An interruption is stored: how many in a row, and how many of them count as strikes. */
  interrupted?(interruption: {
    readonly subscription: string
    readonly task: string
    readonly attempt: number
    readonly count: number
    readonly strikes: number
  }): void
  /** Call it when a task was folded into another, or was stale: it is done without a run of its own. */
  folded?(folded: {
    readonly subscription: string
    readonly task: string
    /** The task that stands for it; undefined if it was older than one that came before it. */
    readonly into: string | undefined
    /** The key of its event, if that is to be erased once its tasks are done. */
    readonly passing: string | undefined
  }): void
  /** Call it when an operator has deleted a task, with the key of its event. */
  deleted?(key: string): void
  /** A write of the inbox failed, as a settling or a renewal: `health` then looks whether deliveries can be stored. */
  failed?(error: unknown): void
  /** Warns an operator: a window was shortened, an engine is unsafe or unreachable. */
  warn(message: string): void
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds of a clock that never goes back, to measure runs. @default performance.now() */
  readonly monotonic?: () => number
}

/** One run of a handler; its starter measures it once. */
export interface Ran {
  /** Milliseconds since 1970, on the consumer's clock. */
  readonly startedAt: number
  /** Milliseconds. */
  readonly duration: number
}

/** A subscription as inboxes see it. */
export interface Lane {
  readonly name: string
  /** Names it had before: their pending tasks are its own. */
  readonly previousNames: readonly string[]
  readonly concurrency: number
  /** True if tasks carry an order key. */
  readonly ordered: boolean
  /** Milliseconds an attempt may take. A lease may be shorter: it is renewed while the attempt runs. */
  readonly timeout: number
  /** Attempts of the retry policy: a suspect is `poison` after this number of strikes, and at least 5. */
  readonly attempts?: number
}

/** A receiver's side of an inbox. */
export interface Port {
  /** Resolves when it is safe to acknowledge. One entry for each item, in order. Throws or rejects if nothing was taken. */
  accept(intake: Intake, host: Host): MaybePromise<readonly Accepted[]>
  /**
   * A delivery along the path of `accept` that is committed and then removed. Throws or rejects as `accept` would. Health asks
   * for it if a write failed, or if none has shown for 15 seconds that deliveries are stored. Absent: a record is written.
   */
  probe?(): MaybePromise<void>
  /** Starts to run tasks. Absent if `accept` runs them. */
  work?(): void
  /**
   * Runs what is due, without `work`: frees ended leases, then claims and runs at most `max` tasks and waits for its own
   * attempts. Starts nothing in the last milliseconds (`last`, 1000 by default) before `until` (milliseconds since
   * 1970). Attempts that still run near the end hear `signal`; then their tasks are released without an attempt.
   */
  drain?(until: number, max: number, last?: number): Promise<RunDueResult>
  /**
   * For a host that takes and runs without `work`, and does not look at what was there before: until the last function
   * returned was called, what is stored is claimed at once and runs, at most `most` tasks; undefined if these have run. The
   * last one resolves when nothing runs, with the time at which the next of these tasks is due (milliseconds since 1970),
   * if one is; the others resolve to undefined.
   */
  burst?(
    most: number,
  ): (() => Promise<{ readonly next: number | undefined } | undefined>) | undefined
  /**
   * Takes no more deliveries, and has ended by `until` (milliseconds since 1970, of the machine's clock as it is when this
   * is called: a later step of that clock moves no deadline). It claims no
   * more tasks, unless the inbox would lose them with the process. `signal` of the running attempts aborts at half the
   * time left. Tasks that still run at the end are released as they were claimed: no attempt, no interruption, and
   * early enough to be stored by `until`. A late outcome is rejected.
   */
  close(until: number): Promise<void>
}

/** What one call of `runDue` did. */
export interface RunDueResult {
  /** Attempts that ran. */
  readonly ran: number
  readonly done: number
  readonly retried: number
  readonly dead: number
  readonly postponed: number
  /** Tasks that are due now and did not run. */
  readonly left: number
  /** When the next task is due, ends of leases included, in milliseconds since 1970; undefined if nothing waits. */
  readonly next: number | undefined
}

/** The host's side of one delivery. */
export interface Host {
  /** Keeps the process or isolate alive until the promise settles (Workers, Vercel, Next's `after`). */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined
  /** The result of `receiver.admit`, if the host called it before it read the body. */
  readonly admission?: Admission | undefined
  /**
   * Opens a transaction of the app, awaits `accept` in it, and ends it. It is called for verified deliveries with events
   * alone. The reply waits for it. If it rejects, the sender is asked to try again (503 `inbox_unavailable`).
   */
  readonly transaction?: ((accept: AcceptWithin) => Promise<unknown>) | undefined
}

/**
 * Stores the delivery in the transaction that `inTransaction` of the inbox's package put into `host`. Rejects if it
 * cannot be stored: let the error through, so that the transaction is rolled back.
 */
export type AcceptWithin = (host: Host) => Promise<void>

/** All of one delivery, taken or rejected as a whole. */
export interface Intake {
  readonly delivery: StoredDelivery
  readonly items: readonly IntakeItem[]
}

/** One event of a delivery and its tasks, one for each subscription and at least one. Keys are compared byte by byte. */
export interface IntakeItem {
  readonly event: EventRecord
  readonly tasks: readonly TaskDraft[]
}

/** A task to be made. */
export interface TaskDraft {
  readonly subscription: string
  /** Tells children of one subscription apart (a destination of `forward`). */
  readonly part?: string
  /** Tasks of one subscription and key run one after another. */
  readonly orderKey?: string
  /** Data of a child task next to its event. */
  readonly data?: Json
  /** The tenant: claims take the tenants of one subscription in turns. */
  readonly fairKey?: string
  /** Pending tasks of one subscription and `orderKey` that have it are folded into the newest. */
  readonly debounce?: DebounceDraft
}

/** How a task is folded with others of its order key. */
interface DebounceDraft {
  /** When its event came, in milliseconds since 1970. */
  readonly at: number
  /** Milliseconds that it waits for a later one, and that the first of them waits at most. */
  readonly wait: number
  readonly maxWait: number
  /** Lower than the highest of its key: it runs nothing. Equal, missing or of another type: arrival decides. */
  readonly newest?: number | string
}

/**
 * `new`: stored. `duplicate`: known, nothing runs. `revived`: known and failed or dead, made pending again.
 * `busy`: its twin runs now and the reply must say so (inline inboxes only). `rejected`: one of its guards belongs to
 * another event and says `reject`; then nothing of the delivery is taken.
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
  /** Events that were folded into it, and when the first of all of them came (milliseconds since 1970); undefined without `debounce`. */
  readonly folded?: { readonly count: number; readonly since: number } | undefined
  /** 1 for the first attempt; counted when the task is claimed, so an attempt that killed the process counts. */
  readonly attempt: number
  /** Registers what tells the run that its claim is lost: the lease ended, or another process settled the task. */
  readonly onLost?: (stop: (reason: Error) => void) => void
  /**
   * Runs the writes, settles the task as done and stores its children in one fenced transaction, if the inbox
   * `can.transaction`. A later report of the attempt changes nothing.
   */
  readonly commit?:
    | ((
        write: (transaction: unknown) => unknown,
        spawn: readonly TaskDraft[] | undefined,
      ) => unknown)
    | undefined
  /**
   * Settles the task as done and stores its children in an open transaction of the application, if the inbox can. If that
   * is rolled back the claim is as before.
   */
  readonly commitIn?:
    | ((transaction: unknown, spawn: readonly TaskDraft[] | undefined) => Promise<void>)
    | undefined
  /**
   * Asked with the error of an attempt: milliseconds until the next one, which is not counted, if transactions of the
   * inbox's database were in each other's way and that has not happened too often. Absent: each error counts.
   */
  readonly conflict?: ((error: unknown) => number | undefined) | undefined
}

/** How an attempt ended. The receiver's retry policy decided; the inbox obeys. `at`: milliseconds since 1970, on `Consumer.now()`. */
export type Outcome =
  | { readonly kind: 'done'; readonly spawn?: readonly TaskDraft[] }
  | { readonly kind: 'retry'; readonly at: number; readonly error: TaskError }
  | { readonly kind: 'postpone'; readonly at: number }
  | { readonly kind: 'dead'; readonly error: TaskError }

/**
 * Small keyed values next to the tasks, with compare-and-set: destinations, handshake secrets, marks. A stored value that
 * cannot be read is told, and counts as absent: `get` finds nothing, `list` leaves it out, and `set` with 0 replaces it.
 */
export interface Records {
  get(key: string): MaybePromise<{ readonly value: Json; readonly version: number } | undefined>
  /** Stores the value if the version is still `expected` (0: not there yet); else returns false. */
  set(key: string, value: Json, expected: number): MaybePromise<boolean>
  delete(key: string, expected: number): MaybePromise<boolean>
  list(
    prefix: string,
  ): MaybePromise<
    readonly { readonly key: string; readonly value: Json; readonly version: number }[]
  >
}
