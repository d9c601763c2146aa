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
 * Rows of one database or transaction. Methods receive and return batches. If the database is synchronous, so is the
 * engine. Times are milliseconds from now, on the store's own clock.
 */
export interface Rows {
  /**
   * Stores events with a new receiver and key, and their tasks, in one statement or transaction. Returns the new
   * events. Claims and leases tasks with a token. Marks tasks with a line as `behind`. Stores a delivery once for
   * several events. With `notify` it notifies other processes (`listen`).
   */
  insert(batch: StoreBatch): MaybePromise<ReadonlySet<NewEvent>>
  /**
   * Returns stored events with their failed tasks, without erased ones, and keeps them from being pruned meanwhile.
   */
  known(events: readonly NewEvent[]): MaybePromise<ReadonlyMap<NewEvent, readonly TaskRow[]>>
  /** Takes free guards for events, in order. Returns the guards that now belong to their event. */
  guard(wanted: readonly Guarded[]): MaybePromise<ReadonlySet<Guarded>>
  /** Releases guards that this transaction took. */
  unguard(taken: readonly Guarded[]): MaybePromise<void>
  /** The hot path: settles tasks as done that need nothing else. Returns the ids still claimed with the token. */
  finish(ended: readonly EndedTask[]): MaybePromise<ReadonlySet<number>>
  /** Makes all other changes of tasks. Returns the ids whose fence held; other tasks are unchanged. */
  patch(patches: readonly Patch[], fence: Fence): MaybePromise<ReadonlySet<number>>
  /** Stores child tasks of an event, one for each lane and part. */
  spawn(event: number, children: readonly NewTask[]): MaybePromise<void>
  /**
   * Locks lines until the transaction ends, without waiting, except in a transaction of the app. Returns the lines that
   * another transaction holds. Later statements see what the last holder wrote. Absent with one writer.
   */
  lock?(lines: readonly number[]): MaybePromise<readonly number[]>
  /** Returns, for each line and root, the tasks that are not behind, and the first that is. */
  heads(lines: readonly number[]): MaybePromise<readonly HeadRow[]>
  /** Marks tasks as behind or not. Returns how many were still pending; the others are unchanged. */
  queue(changes: readonly { readonly id: number; readonly behind: boolean }[]): MaybePromise<number>
  /** Returns pending tasks of these lines that have a fold, in order of arrival. */
  foldable(lines: readonly number[]): MaybePromise<readonly FoldRow[]>
  /** Remembers the newest task of keys, at least as long as ids are known and the task is stored. */
  remember(newest: readonly Newest[]): MaybePromise<void>
  /** Returns the newest task of each task's key, if known. `row` is undefined if it is gone or erased. */
  newest(
    ids: readonly number[],
  ): MaybePromise<ReadonlyMap<number, { readonly id: number; readonly row: TaskRow | undefined }>>
  /** Advances each tenant by `step` turns: `max(turn of the lane, last turn of the tenant) + step`. */
  turns(wanted: readonly Stride[]): MaybePromise<readonly Turn[]>
  /** Locks and returns due tasks of these lanes that wait for a turn (gate `LATER`), at most `most`. */
  later(lanes: readonly number[], most: number): MaybePromise<readonly TaskRow[]>
  /** Makes tasks of `later` `READY` with a turn; 0 keeps their turn. */
  enter(turns: readonly { readonly id: number; readonly turn: number }[]): MaybePromise<void>
  /** Called with folded tasks. The engine sets it; a store leaves it out. */
  readonly folded?: (folds: Folds) => void
  /** Writes records, whether their keys exist or not. */
  note(rows: readonly ActionRow[]): MaybePromise<void>
  /** For rejected outcomes: returns the current tasks that still exist, and ends their hold of settled tasks. */
  lost(
    own: readonly { readonly id: number; readonly token: number }[],
  ): MaybePromise<readonly Lost[]>
}

/** Rows of tasks and their lines. */
export type LineRows = Pick<
  Rows,
  'patch' | 'lock' | 'heads' | 'queue' | 'foldable' | 'remember' | 'newest' | 'folded'
>

/** Rows of a transaction of the app. */
export interface GuestRows extends Rows {
  begin?(): void
  /** As `Store.lanes`. A store with one writer makes lanes in this transaction. */
  lanes(receiver: string, wanted: readonly (readonly string[])[]): MaybePromise<readonly LaneRow[]>
}

/** Rows outside a transaction: each call is one statement or transaction. */
export type SingleRows = Pick<Rows, 'insert' | 'known' | 'finish' | 'later'>

/** The store that a package makes. The engine adds missing {@link SingleRows} as transactions. */
export type StoreParts = Omit<Store, keyof SingleRows> & Partial<SingleRows>

/** A database as the engine needs it: it keeps each step atomic, and the engine decides. */
export interface Store extends SingleRows, Viewed, Journaled {
  /** The name of the inbox in errors. */
  readonly name: string
  /**
   * Set if the store is in the memory of this process. The engine then does not poll, renew leases or encode events.
   * Writes share a transaction as soon as the running code has ended, and closing keeps claiming for half of its time.
   * Absent if other processes may have the store.
   */
  readonly alone?: Alone
  /** True once `open` has succeeded. */
  readonly opened: boolean
  /** Makes or checks the tables. Returns a unique number of this process, at most 2^20. */
  open(): MaybePromise<number>
  /** Closes by a time of `performance.now()`. */
  close(until: number): Promise<void>
  /** Reserves 1,000 event numbers and returns the first. If absent, `insert` numbers events in order of arrival. */
  block?(): MaybePromise<number>
  /** Runs all waiting writes of an event-loop turn in one synchronous transaction. Only with one writer. */
  readonly together?: (works: () => void) => void
  /**
   * Runs one transaction within `time` milliseconds. Inside `together` it is part of that one, and undone as a whole.
   */
  atomic<T>(time: number, run: (rows: Rows) => MaybePromise<T>): MaybePromise<T>
  /**
   * Runs a transaction for `task.commit`; `write` gets `transaction`. It may stay open long without delaying others.
   */
  commit<T>(
    time: number,
    run: (rows: Rows, transaction: unknown) => MaybePromise<T>,
  ): MaybePromise<T>
  /** Returns the rows of an open transaction of the app. Throws a `TypeError` for any other value. */
  guest(transaction: unknown): GuestRows
  /**
   * Returns numbers of lanes and makes missing ones. A subscription and its previous names share a root permanently, so
   * that every process runs their tasks in the same lines.
   */
  lanes(receiver: string, wanted: readonly (readonly string[])[]): MaybePromise<readonly LaneRow[]>
  /** Returns all lanes of all receivers. */
  everyLane(): MaybePromise<readonly LaneRow[]>
  /**
   * Claims due tasks: a suspect if asked, then interrupted tasks that start at once, then the others by (turn, due).
   * `most` bounds the sum. Locked rows are skipped. If an event is gone, its `record` is null.
   */
  claim(
    wishes: readonly Wish[],
    most: number,
    suspect: boolean,
    token: number,
  ): MaybePromise<readonly ClaimRow[]>
  /** Returns true if `claim` may find a task, by a cheap read. */
  any?(lanes: readonly number[]): MaybePromise<boolean>
  /** Renews leases. Returns the ids that no other run has claimed or settled. Locked rows count as renewed. */
  renew(
    held: readonly { readonly id: number; readonly token: number }[],
  ): MaybePromise<ReadonlySet<number>>
  /**
   * Returns claims whose lease has ended, and claims of this process outside `held`, at most 500. Claims of other lanes
   * follow one lease later, since no process may have those lanes. Settled tasks that were still held are included.
   */
  ended(lanes: readonly number[], held: readonly number[]): MaybePromise<readonly TaskRow[]>
  /** Returns lanes with a due task that must start at once (interrupted, or a suspect). */
  waiting(
    lanes: readonly number[],
  ): MaybePromise<readonly { readonly lane: number; readonly suspect: boolean }[]>
  /** Returns lines of these lanes in which no task may run, or two may. Repairs old roots. */
  stuck(lanes: readonly number[]): MaybePromise<readonly number[]>
  /** Returns tasks with their contents, as `claim` does. */
  load(ids: readonly number[]): MaybePromise<readonly ClaimRow[]>
  /** Counts due tasks, and returns milliseconds until the next is due or the next lease ends. Must use an index. */
  rest(
    lanes: readonly number[],
  ): MaybePromise<{ readonly left: number; readonly next: number | undefined }>
  /** Drops events without tasks. If absent, only pruning does. */
  drop?(events: readonly number[]): MaybePromise<void>
  /** Counts pending and running tasks of a receiver, up to `most`. */
  pending(receiver: string, most: number): MaybePromise<number>
  /** Returns how many tasks of tenants wait. */
  backlog(keys: readonly Omit<Stride, 'step'>[]): MaybePromise<readonly Turn[]>
  /** Returns the store's clock in milliseconds since 1970: the server's, or a clock that never goes back. */
  clock(): MaybePromise<number>
  /** Returns jumps ahead of that clock, back to the oldest row. Absent if it cannot jump. */
  steps?(): MaybePromise<readonly ClockStep[]>
  /** Calls `heard` when another process has stored tasks. Returns a function that stops it. */
  listen?(heard: () => void): () => void
  /** Returns true while another open transaction holds the task's row. Absent with one writer. */
  busy?(task: number): MaybePromise<boolean>
  /**
   * Renews the sign of life of this process, with each lease renewal and every few seconds. Returns why the process
   * must not use the store any more (`shutOut`), or undefined. The first call has no sign of life yet.
   */
  alive?(): MaybePromise<string | undefined>
  /** True if the store sleeps: then no timer may run while idle. @default false */
  readonly sleeps?: boolean
  /** Classifies an error. */
  fault(error: unknown): StoreFault
  /** Returns the rejection of a delivery, with cause and remedy. A `WebhookError` or `TypeError` stays as it is. */
  rejection(error: unknown): Error
}

/** What the view needs from a store. */
export interface ViewStore
  extends Omit<Viewed, 'attempts' | 'prune'>, Pick<Store, 'everyLane' | 'block'> {
  atomic<T>(time: number, run: (rows: ChangedRows) => MaybePromise<T>): MaybePromise<T>
}

/** Rows that the view changes in a transaction. */
export type ChangedRows = LineRows & Pick<Rows, 'insert' | 'note' | 'turns'>

/** Answers that only memory can give synchronously. */
interface Alone {
  /** Returns bytes of the bodies of a receiver's pending and running tasks. */
  held(receiver: string): number
  /** Returns milliseconds until the next task of these lanes becomes due. */
  next(lanes: readonly number[]): number | undefined
  hurry(lanes: readonly number[]): void
}

/**
 * `again`: a conflict; a retry may succeed. `data`: the values of a statement. `lasting`: the statement itself; a retry
 * cannot help. `away`: the server, the disk or the connection, for now. `back`: see `Back`.
 */
export type StoreFault = 'again' | 'data' | 'lasting' | 'away' | 'back'

/**
 * Call it if the store was restored to an earlier state while it was open. The engine then drops its claims, logs
 * `message` and calls `open` again; until then `opened` must be false.
 */
export type Back = (message: string) => void

/** The rows of one `insert`. */
export interface StoreBatch {
  readonly events: readonly NewEvent[]
  readonly tasks: readonly NewTask[]
  readonly notify: boolean
}

/** A guard that an event wants. */
export interface Guarded {
  readonly key: string
  readonly event: NewEvent
}

/** How many turns a tenant of a lane needs. */
export interface Stride {
  readonly lane: number
  readonly fair: string
  readonly step: number
}
