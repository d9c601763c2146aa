import type { MaybePromise } from '../../basics/maybe.ts'
import type { Journaled, ActionRow } from './journal/store.ts'
import type { ClockStep } from './operate/sweep.ts'
import type { Viewed } from './operate/store.ts'
import type {
  NewEvent,
  NewTask,
  ClaimRow,
  FoldRow,
  Folds,
  HeadRow,
  Newest,
  LaneRow,
  Lost,
  TaskRow,
  Turn,
  Wish,
} from './row.ts'
import type { EndedTask, Fence, Patch } from './patch.ts'

/**
 * The writes and reads of rows, in one database or transaction. Methods receive and return batches. With a synchronous
 * database, the engine is synchronous too. Times are milliseconds from now, on the store's own clock.
 */
export interface Rows {
  /**
   * Stores events whose receiver and key are new, with their tasks, in one statement or transaction. Returns these
   * events. Tasks with a token are stored as claimed, with a lease. Tasks with a line (an ordering key) are stored as
   * `behind`. A delivery is stored once for all its events. With `notify`, notifies other processes (see `listen`).
   */
  insert(batch: StoreBatch): MaybePromise<ReadonlySet<NewEvent>>
  /**
   * Returns the events that are stored, with their failed tasks. Leaves out erased events. Prevents pruning of the
   * returned events until the transaction ends.
   */
  known(events: readonly NewEvent[]): MaybePromise<ReadonlyMap<NewEvent, readonly TaskRow[]>>
  /**
   * Takes guards (keys that only one event may hold) for events, in order. Returns the entries of `wanted` whose guard
   * now belongs to their event.
   */
  guard(wanted: readonly Guarded[]): MaybePromise<ReadonlySet<Guarded>>
  /** Releases guards that this transaction has taken. */
  unguard(taken: readonly Guarded[]): MaybePromise<void>
  /**
   * Marks tasks as done if they need no other change. This is the most frequent write. Returns the ids of tasks that
   * were still claimed with the given token.
   */
  finish(ended: readonly EndedTask[]): MaybePromise<ReadonlySet<number>>
  /**
   * Makes all other changes of tasks. Returns the ids of tasks for which the fence (a condition on the row) was true.
   * Other tasks stay unchanged.
   */
  patch(patches: readonly Patch[], fence: Fence): MaybePromise<ReadonlySet<number>>
  /** Stores child tasks of an event: at most one for each lane (subscription) and part. */
  spawn(event: number, children: readonly NewTask[]): MaybePromise<void>
  /**
   * Locks lines until the transaction ends. Does not wait for busy lines, which another transaction has locked, but
   * returns them. Only a transaction of the app waits for busy lines. Later statements see the writes of the last
   * transaction that had the lock. Absent in a store with one writer.
   */
  lock?(lines: readonly number[]): MaybePromise<readonly number[]>
  /**
   * Returns, for each line and root (a subscription under all its names), all tasks that are not `behind`, and the
   * first task that is `behind`.
   */
  heads(lines: readonly number[]): MaybePromise<readonly HeadRow[]>
  /** Sets `behind` of tasks. Returns how many of the tasks were still pending; the others stay unchanged. */
  queue(changes: readonly { readonly id: number; readonly behind: boolean }[]): MaybePromise<number>
  /** Returns the pending tasks of these lines that have a fold (`debounce`), in order of arrival. */
  foldable(lines: readonly number[]): MaybePromise<readonly FoldRow[]>
  /**
   * Stores the newest task of `debounce` keys. Keeps each entry at least while event ids are remembered and while the
   * task is stored.
   */
  remember(newest: readonly Newest[]): MaybePromise<void>
  /**
   * Returns, for each of these tasks, the newest task of the same `debounce` key, if known. `row` is undefined if the
   * newest task no longer exists or is erased.
   */
  newest(
    ids: readonly number[],
  ): MaybePromise<ReadonlyMap<number, { readonly id: number; readonly row: TaskRow | undefined }>>
  /**
   * Advances each tenant by `step` turns (numbers by which tenants are served in rotation). Returns the tenant's new
   * last turn: `max(turn of the lane, last turn of the tenant) + step`.
   */
  turns(wanted: readonly Stride[]): MaybePromise<readonly Turn[]>
  /** Locks and returns at most `most` due tasks of these lanes that wait for a turn (gate `LATER`). */
  later(lanes: readonly number[], most: number): MaybePromise<readonly TaskRow[]>
  /** Sets the gate of tasks that `later` returned to `READY`, and sets their turn. With 0, a task keeps its turn. */
  enter(turns: readonly { readonly id: number; readonly turn: number }[]): MaybePromise<void>
  /** Called with folded tasks. The engine sets `folded`; stores leave it out. */
  readonly folded?: (folds: Folds) => void
  /** Writes records, and replaces records with the same keys. */
  note(rows: readonly ActionRow[]): MaybePromise<void>
  /**
   * Called with claims whose outcome was rejected. If another run has settled the task of a claim, ends the claim's
   * hold on the row. Returns the current rows of the tasks, if they still exist.
   */
  lost(
    own: readonly { readonly id: number; readonly token: number }[],
  ): MaybePromise<readonly Lost[]>
}

/** The methods that change tasks and their lines. */
export type LineRows = Pick<
  Rows,
  'patch' | 'lock' | 'heads' | 'queue' | 'foldable' | 'remember' | 'newest' | 'folded'
>

/** The rows in a transaction of the app. */
export interface GuestRows extends Rows {
  begin?(): void
  /** Returns lanes, as `Store.lanes` does. A store with one writer makes missing lanes in this transaction. */
  lanes(receiver: string, wanted: readonly (readonly string[])[]): MaybePromise<readonly LaneRow[]>
}

/** Methods that can be called outside a transaction. Each call is one statement or transaction. */
export type SingleRows = Pick<Rows, 'insert' | 'known' | 'finish' | 'later'>

/** The store that a package makes. The engine adds missing {@link SingleRows} as transactions. */
export type StoreParts = Omit<Store, keyof SingleRows> & Partial<SingleRows>

/** A database for the engine. The store makes each step atomic; the engine makes the decisions. */
export interface Store extends SingleRows, Viewed, Journaled {
  /** The name of the inbox in errors. */
  readonly name: string
  /**
   * Set if the store is in the memory of this process, so that no other process can use the store. The engine then does
   * not poll, renew leases or encode events. It stores writes in one transaction as soon as the running code has ended.
   * At closing, it still claims tasks for half of the closing time.
   */
  readonly alone?: Alone
  /** True once `open` has succeeded. */
  readonly opened: boolean
  /** Makes or checks the tables. Returns a number that is unique to this process, at most 2^20. */
  open(): MaybePromise<number>
  /** Closes the store by `until`, a time of `performance.now()`. */
  close(until: number): Promise<void>
  /**
   * Reserves 1,000 event numbers and returns the first. If `block` is absent, `insert` numbers events in order of
   * arrival.
   */
  block?(): MaybePromise<number>
  /**
   * Calls `run` in a synchronous transaction, which all writes of one turn of the event loop share. Only in a store
   * with one writer.
   */
  readonly together?: (run: () => void) => void
  /**
   * Runs one transaction within `time` milliseconds. Inside `together`, `run` is part of the shared transaction, which
   * is undone as a whole if `run` throws.
   */
  atomic<T>(time: number, run: (rows: Rows) => MaybePromise<T>): MaybePromise<T>
  /**
   * Runs a transaction for `task.commit`, which passes `transaction` to the app. The transaction may stay open for long
   * without delaying other transactions.
   */
  commit<T>(
    time: number,
    run: (rows: Rows, transaction: unknown) => MaybePromise<T>,
  ): MaybePromise<T>
  /** Returns the rows in an open transaction of the app. Throws a `TypeError` if the value is not a transaction. */
  guest(transaction: unknown): GuestRows
  /**
   * Returns lanes by subscription name, and makes missing lanes. Each group of names in `wanted` is a subscription with
   * its previous names. The lanes of a group share a root permanently, so that every process runs their tasks in the
   * same lines.
   */
  lanes(receiver: string, wanted: readonly (readonly string[])[]): MaybePromise<readonly LaneRow[]>
  /** Returns all lanes of all receivers. */
  everyLane(): MaybePromise<readonly LaneRow[]>
  /**
   * Claims at most `most` due tasks. If `suspect` is true, claims one suspect (a task interrupted three times in a
   * row). Then claims interrupted tasks that can start immediately, then other tasks in the order of turn and due time.
   * Skips locked rows. If the event of a task no longer exists, the `record` of the row is null.
   */
  claim(
    wishes: readonly Wish[],
    most: number,
    suspect: boolean,
    token: number,
  ): MaybePromise<readonly ClaimRow[]>
  /** Returns true if `claim` may find a task. The check is a cheap read. */
  any?(lanes: readonly number[]): MaybePromise<boolean>
  /** Renews leases. Returns the ids of tasks that no other run has claimed or settled. Locked rows count as renewed. */
  renew(
    held: readonly { readonly id: number; readonly token: number }[],
  ): MaybePromise<ReadonlySet<number>>
  /**
   * Returns at most 500 tasks whose lease has ended. Also returns tasks that this process has claimed, but whose id is
   * not in `held`. Settled tasks that a run still holds are included. Tasks of other lanes are included one lease
   * later, in case no process has the subscriptions of those lanes.
   */
  ended(lanes: readonly number[], held: readonly number[]): MaybePromise<readonly TaskRow[]>
  /**
   * Returns lanes with due tasks that were interrupted. Such tasks are claimed only if they can start immediately.
   * `suspect` is true if one of them is a suspect.
   */
  waiting(
    lanes: readonly number[],
  ): MaybePromise<readonly { readonly lane: number; readonly suspect: boolean }[]>
  /**
   * Returns lines of these lanes in which no task may run, or in which two tasks may run. Also sets the root of tasks
   * to the current root of their lane.
   */
  stuck(lanes: readonly number[]): MaybePromise<readonly number[]>
  /** Returns tasks with their contents, in the form that `claim` returns. */
  load(ids: readonly number[]): MaybePromise<readonly ClaimRow[]>
  /**
   * Returns the number of due tasks (`left`), and milliseconds until the next task is due or the next lease ends
   * (`next`). Must use an index.
   */
  rest(
    lanes: readonly number[],
  ): MaybePromise<{ readonly left: number; readonly next: number | undefined }>
  /** Drops the given events that have no tasks. If `drop` is absent, only pruning drops events. */
  drop?(events: readonly number[]): MaybePromise<void>
  /** Returns the number of pending and running tasks of a receiver, counted up to `most`. */
  pending(receiver: string, most: number): MaybePromise<number>
  /** Returns the last turn of each of these tenants, and about how many of its tasks wait. */
  backlog(keys: readonly Omit<Stride, 'step'>[]): MaybePromise<readonly Turn[]>
  /**
   * Returns the time of the store's clock in milliseconds since 1970. The store's clock is the server's clock, or a
   * clock that never goes back.
   */
  clock(): MaybePromise<number>
  /** Returns the jumps ahead of the store's clock since the oldest row was stored. Absent if the clock cannot jump. */
  steps?(): MaybePromise<readonly ClockStep[]>
  /** Calls `heard` when another process has stored tasks. Returns a function that stops listening. */
  listen?(heard: () => void): () => void
  /** Returns true while another open transaction has locked the task's row. Absent in a store with one writer. */
  busy?(task: number): MaybePromise<boolean>
  /**
   * Renews the stored sign of life of this process. Called with each lease renewal and every few seconds. Returns why
   * the process must no longer use the store (see `shutOut`), or undefined if the process may use it. At the first
   * call, no sign of life is stored yet.
   */
  alive?(): MaybePromise<string | undefined>
  /**
   * True if the platform lets an idle store sleep. Then no timer may run while the inbox is idle.
   * @default false
   */
  readonly sleeps?: boolean
  /** Returns the class of an error, which decides what can be tried again. */
  fault(error: unknown): StoreFault
  /**
   * Converts an error to an error that rejects a delivery, and that names cause and remedy. Returns a `WebhookError` or
   * `TypeError` as it is.
   */
  rejection(error: unknown): Error
}

/** The methods of a store that the operators' view uses. */
export interface ViewStore
  extends Omit<Viewed, 'attempts' | 'prune'>, Pick<Store, 'everyLane' | 'block'> {
  atomic<T>(time: number, run: (rows: ChangedRows) => MaybePromise<T>): MaybePromise<T>
}

/** The methods with which the view changes rows in a transaction. */
export type ChangedRows = LineRows & Pick<Rows, 'insert' | 'note' | 'turns'>

/** Methods of a store in memory, which can answer synchronously. */
interface Alone {
  /** Returns the total size of the bodies of a receiver's pending and running tasks, in bytes. */
  held(receiver: string): number
  /** Returns milliseconds until the next task of these lanes becomes due. */
  next(lanes: readonly number[]): number | undefined
  /** Makes tasks due now that wait only because of `debounce`. */
  hurry(lanes: readonly number[]): void
}

/**
 * The cause of an error. `again`: a conflict, so a retry may succeed. `data`: the values of the statement. `lasting`:
 * the statement itself, so a retry fails too. `away`: the server, disk or connection fails for now, or a table or
 * column is missing. `back`: the store was restored; see `Back`.
 */
export type StoreFault = 'again' | 'data' | 'lasting' | 'away' | 'back'

/**
 * A function that a store calls if it was restored to an earlier state while it was open. The engine then drops its
 * claims, logs `message` and calls `open` again. Until `open` is called, `opened` must be false.
 */
export type Back = (message: string) => void

/** The rows of one `insert`. */
export interface StoreBatch {
  readonly events: readonly NewEvent[]
  readonly tasks: readonly NewTask[]
  readonly notify: boolean
}

/** A guard that an event wants: a key that only one event may hold. */
export interface Guarded {
  readonly key: string
  readonly event: NewEvent
}

/** How many turns a tenant needs in a lane. */
export interface Stride {
  readonly lane: number
  readonly fair: string
  readonly step: number
}
