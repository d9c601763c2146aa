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
 * Rows of one database, or of one transaction. Batches in, batches out. A synchronous database answers at once: then so
 * does the engine. Times are spans from now, in milliseconds, on the store's own clock.
 */
export interface Rows {
  /**
   * Stores the events whose receiver and key are new, and their tasks, as one statement or transaction. Returns the new
   * events. A task with a token is claimed by this process and leased. A task with a line is `behind`.
   * Deliveries that several events share are stored once. With `notify` other processes are notified of it (`listen`).
   */
  insert(batch: StoreBatch): MaybePromise<ReadonlySet<NewEvent>>
  /**
   * Failed tasks (dead, or pending with an error and not due yet) of those of the events that are stored. Until the
   * transaction ends none of these events is pruned or erased; erased ones are left out.
   */
  known(events: readonly NewEvent[]): MaybePromise<ReadonlyMap<NewEvent, readonly TaskRow[]>>
  /** Takes guards for events, in order, where they are free. Returns those that are their event's now. */
  guard(wanted: readonly Guarded[]): MaybePromise<ReadonlySet<Guarded>>
  /** Gives back guards that this transaction took. */
  unguard(taken: readonly Guarded[]): MaybePromise<void>
  /** The hot end: done, nothing to clear and nobody behind it. Returns ids of those that were still claimed with the token. */
  finish(ended: readonly EndedTask[]): MaybePromise<ReadonlySet<number>>
  /** Every other change of tasks. Returns ids of those whose fence held; the others are as they were. */
  patch(patches: readonly Patch[], fence: Fence): MaybePromise<ReadonlySet<number>>
  /** Stores child tasks of an event; each lane and part of it once. */
  spawn(event: number, children: readonly NewTask[]): MaybePromise<void>
  /**
   * Locks lines until the transaction ends. Waits for nobody, but in a transaction of the application: returns those that
   * another holds, which are left as they are. Statements after it see what the last holder wrote. Absent: one writer.
   */
  lock?(lines: readonly number[]): MaybePromise<readonly number[]>
  /** Of each line and root: the tasks that are not behind (running, held or pending), and the first that is. */
  heads(lines: readonly number[]): MaybePromise<readonly HeadRow[]>
  /** Puts tasks behind others of their line, or lets them run. Returns how many were pending still: the others are as they were. */
  queue(changes: readonly { readonly id: number; readonly behind: boolean }[]): MaybePromise<number>
  /** Pending tasks of these lines that have a fold, in order of arrival. */
  foldable(lines: readonly number[]): MaybePromise<readonly FoldRow[]>
  /** Remembers the newest of keys: at least as long as ids are known, and as long as its task is stored. */
  remember(newest: readonly Newest[]): MaybePromise<void>
  /**
   * Of tasks with a fold: the newest of their key, those left out whose key is not known. It is undefined if it is gone, or its
   * event is erased.
   */
  newest(
    ids: readonly number[],
  ): MaybePromise<ReadonlyMap<number, { readonly id: number; readonly row: TaskRow | undefined }>>
  /** Takes `step` turns for each tenant: `max(turn of the lane, last turn of the tenant) + step`. Returns the last of them. */
  turns(wanted: readonly Stride[]): MaybePromise<readonly Turn[]>
  /** Tasks of these lanes that are due and wait for a turn (gate `LATER`), locked, at most that many. */
  later(lanes: readonly number[], most: number): MaybePromise<readonly TaskRow[]>
  /** Gives a turn to tasks of `later`; 0 keeps the turn they have. Then they are `READY`. */
  enter(turns: readonly { readonly id: number; readonly turn: number }[]): MaybePromise<void>
  /** Hears what was folded. The engine sets it: a store leaves it out. */
  readonly folded?: (folds: Folds) => void
  /** Writes texts of `records`, whether their keys are there or not. */
  note(rows: readonly ActionRow[]): MaybePromise<void>
  /** Of rejected outcomes: the tasks as they are now, without those that are gone. Ends their hold of settled tasks. */
  lost(
    own: readonly { readonly id: number; readonly token: number }[],
  ): MaybePromise<readonly Lost[]>
}

/** Rows in which tasks change, and with them who of their lines may run. */
export type LineRows = Pick<
  Rows,
  'patch' | 'lock' | 'heads' | 'queue' | 'foldable' | 'remember' | 'newest' | 'folded'
>

/** Rows of a transaction of the application. */
export interface GuestRows extends Rows {
  /** Comes first. */
  begin?(): void
  /** As `Store.lanes`. A store with one writer makes them in the same transaction, so that they are there only if it commits. */
  lanes(receiver: string, wanted: readonly (readonly string[])[]): MaybePromise<readonly LaneRow[]>
}

/** Rows outside of a transaction: each a statement, or a transaction, of its own. */
export type SingleRows = Pick<Rows, 'insert' | 'known' | 'finish' | 'later'>

/** What a package makes: the engine wraps in transactions what is absent of {@link SingleRows}. */
export type StoreParts = Omit<Store, keyof SingleRows> & Partial<SingleRows>

/** A database as the engine sees it: what must be atomic, and nothing that decides. */
export interface Store extends SingleRows, Viewed, Journaled {
  /** As in errors: the name of the inbox. */
  readonly name: string
  /**
   * No other process has the store, and it ends with this one. Then nothing is polled, no lease ends, no text is made of
   * events, writes share a transaction as soon as the running code has ended, and closing continues claiming for half of its
   * time. Absent: others may have it too.
   */
  readonly alone?: Alone
  /** True once `open` has succeeded. */
  readonly opened: boolean
  /** Makes or checks the tables. Returns the number of this process, which nobody else has: at most 2^20. */
  open(): MaybePromise<number>
  /** Ends by a time of `performance.now()`. */
  close(until: number): Promise<void>
  /** The first of 1,000 event numbers that nobody else gets. Absent: `insert` sets the numbers itself, in order of arrival. */
  block?(): MaybePromise<number>
  /** One writer: all that waits in a turn of the event loop runs inside this one synchronous transaction. */
  readonly together?: (works: () => void) => void
  /**
   * One transaction. It ends after `time` milliseconds at the latest. Inside `together` it is a part of that transaction,
   * and is undone as a whole if `run` throws.
   */
  atomic<T>(time: number, run: (rows: Rows) => MaybePromise<T>): MaybePromise<T>
  /** The same for `task.commit`: `transaction` is what its `write` gets. It may stay open for long, and many at once delay nobody else. */
  commit<T>(
    time: number,
    run: (rows: Rows, transaction: unknown) => MaybePromise<T>,
  ): MaybePromise<T>
  /** An open transaction of the application; a `TypeError` for anything else. */
  guest(transaction: unknown): GuestRows
  /**
   * Numbers of lanes; makes those that are missing. Lanes of one subscription share a root with its former names, for
   * good: their tasks are in the same lines in every process.
   */
  lanes(receiver: string, wanted: readonly (readonly string[])[]): MaybePromise<readonly LaneRow[]>
  /** All lanes of all receivers. */
  everyLane(): MaybePromise<readonly LaneRow[]>
  /**
   * Claims due tasks: a suspect if asked, then interrupted ones that start at once, then by (turn, due). `most` bounds the
   * sum. Rows that another transaction locks are skipped. An event that is gone has `record` null.
   */
  claim(
    wishes: readonly Wish[],
    most: number,
    suspect: boolean,
    token: number,
  ): MaybePromise<readonly ClaimRow[]>
  /** True if `claim` may find something: a cheap read. Absent: claim and see. */
  any?(lanes: readonly number[]): MaybePromise<boolean>
  /**
   * Renews leases, also of settled tasks that are still held. Returns ids of those that may continue: nobody else has claimed
   * or settled them. Rows that an open transaction locks are skipped, and count as renewed.
   */
  renew(
    held: readonly { readonly id: number; readonly token: number }[],
  ): MaybePromise<ReadonlySet<number>>
  /**
   * Claims whose lease is over, and all of this process, `held` left out, at most 500: of these lanes, and of others another lease
   * later, since nobody may be there who has them. Settled tasks that were still held are among them.
   */
  ended(lanes: readonly number[], held: readonly number[]): MaybePromise<readonly TaskRow[]>
  /** Lanes that have a task which may only start at once (interrupted, or a suspect), and is due. */
  waiting(
    lanes: readonly number[],
  ): MaybePromise<readonly { readonly lane: number; readonly suspect: boolean }[]>
  /** Lines of these lanes in which a task waits behind nobody, or two may run. Repairs roots that an earlier version of the app stored. */
  stuck(lanes: readonly number[]): MaybePromise<readonly number[]>
  /** Tasks with their contents, as `claim` returns them. */
  load(ids: readonly number[]): MaybePromise<readonly ClaimRow[]>
  /** Tasks that are due, and milliseconds until the next is due or the next lease ends. Asked by index. */
  rest(
    lanes: readonly number[],
  ): MaybePromise<{ readonly left: number; readonly next: number | undefined }>
  /** Forgets events that have no tasks. Absent: pruning does. */
  drop?(events: readonly number[]): MaybePromise<void>
  /** Pending and running tasks of a receiver, counted up to a number. */
  pending(receiver: string, most: number): MaybePromise<number>
  /** How much tenants have waiting. */
  backlog(keys: readonly Omit<Stride, 'step'>[]): MaybePromise<readonly Turn[]>
  /** The store's clock, in milliseconds since 1970: the server's, or one of its own that never goes back. */
  clock(): MaybePromise<number>
  /** Steps ahead of that clock, back to the oldest thing that is kept. Absent if it cannot step. */
  steps?(): MaybePromise<readonly ClockStep[]>
  /** Calls `heard` when another process stored tasks. Returns what stops it. Absent: only polling finds them. */
  listen?(heard: () => void): () => void
  /** True while an open transaction of somebody else holds the task's row. Absent: there is one writer. */
  busy?(task: number): MaybePromise<boolean>
  /**
   * A sign of life of this process, with each renewal and every few seconds. Answers why it must not work on the store any
   * more (`shutOut`), or undefined; the first without a sign.
   */
  alive?(): MaybePromise<string | undefined>
  /** True if the store sleeps: no timer may run while nothing is to be done. @default false */
  readonly sleeps?: boolean
  /** What an error means. */
  fault(error: unknown): StoreFault
  /** The rejection of a delivery: the cause and its remedy in words. A `WebhookError` or `TypeError` stays as it is. */
  rejection(error: unknown): Error
}

/** What the view needs of a store. */
export interface ViewStore
  extends Omit<Viewed, 'attempts' | 'prune'>, Pick<Store, 'everyLane' | 'block'> {
  atomic<T>(time: number, run: (rows: ChangedRows) => MaybePromise<T>): MaybePromise<T>
}

/** What the view changes in a transaction. */
export type ChangedRows = LineRows & Pick<Rows, 'insert' | 'note' | 'turns'>

/** What only the memory of this process can tell, at once. */
interface Alone {
  /** Bytes of the bodies of a receiver's pending and running tasks. */
  held(receiver: string): number
  /** Milliseconds until the next task of these lanes is due that is not yet. */
  next(lanes: readonly number[]): number | undefined
  /** Makes tasks of these lanes due that wait for later events. */
  hurry(lanes: readonly number[]): void
}

/**
 * `again`: a conflict with others, the same may succeed now. `data`: the values of a statement. `lasting`: the statement
 * itself, trying again cannot help. `away`: the server, the disk or the connection, and it passes. `back`: see `Back`.
 */
export type StoreFault = 'again' | 'data' | 'lasting' | 'away' | 'back'

/**
 * To be called when the store is as it was before: restored while this process has it open. The engine drops its claims, says so,
 * and calls `open` again before it uses the store; `opened` is false until then.
 */
export type Back = (message: string) => void

/** What one `insert` stores. */
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

/** Turns that a tenant of a lane takes. */
export interface Stride {
  readonly lane: number
  readonly fair: string
  readonly step: number
}
