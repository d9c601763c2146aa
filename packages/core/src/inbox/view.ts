import type { Json } from '../delivery.ts'
import type { EventRecord, StoredDelivery } from '../event.ts'
import type { MaybePromise } from '../basics/maybe.ts'

export type TaskState = 'pending' | 'running' | 'done' | 'dead'

/** A task, with the information for operators. Times are in milliseconds since 1970. */
export interface TaskInfo {
  readonly id: string
  readonly receiver: string
  readonly subscription: string
  readonly part: string | undefined
  readonly state: TaskState
  /** With `debounce`, the number of events that were folded (merged) into this task. */
  readonly folded?: number
  /**
   * The id of the task into which this task was folded, and which runs instead. That task may itself be folded into
   * another.
   */
  readonly into?: string
  /** True if the task was stale: it ended without a run, since a newer event of its key had arrived before. */
  readonly stale?: true
  /** Number of attempts since the first run or the last replay. */
  readonly attempt: number
  /** Number of all runs, including runs before a replay and interrupted runs. */
  readonly attempts: number
  /**
   * Number of interruptions in a row since the last outcome. After three, the task is a suspect, and only one suspect
   * runs at a time.
   */
  readonly interrupted?: number | undefined
  /** When the task is due, if it is pending. */
  readonly due: number | undefined
  /** When the task became done or dead. */
  readonly settledAt: number | undefined
  /** Duration of the last run, in milliseconds. Undefined if no run has ended yet. */
  readonly duration: number | undefined
  readonly error: TaskError | undefined
  /**
   * The error group of the task's error, from `causeOf(error)`. Undefined if there is no error, or once the task is
   * done.
   */
  readonly cause: string | undefined
  readonly provider: string | undefined
  readonly event: {
    readonly id: string | undefined
    readonly topic: string
    readonly tenant: string | undefined
    readonly key: string
  }
  readonly receivedAt: number
}

/** Filter of tasks: all given keys must match. An unknown key causes a `TypeError`. */
export interface TaskFilter {
  readonly receiver?: string
  readonly subscription?: string
  /** The name that distinguishes child tasks of a subscription, such as a destination of `forward`. */
  readonly part?: string
  readonly provider?: string
  readonly state?: TaskState
  /**
   * A topic pattern as in subscriptions: `*` matches one segment, and `**` the rest. Aliases of a topic do not match.
   */
  readonly topic?: string
  /** The event's id, as the sender gave it. */
  readonly eventId?: string
  /** Keys of events (`EventRecord.key`, `Arrival.keys`), at most 100. Tasks of any of these events match. */
  readonly keys?: readonly string[]
  /** The task's id. */
  readonly id?: string
  /** The error group of the task, as in `TaskInfo.cause`. */
  readonly cause?: string
  /** Text that the event's id, topic or payload must contain, in upper or lower case. */
  readonly text?: string
  /** Only tasks whose event was received before this time, in milliseconds since 1970. */
  readonly before?: number
  /** Only tasks whose event was received after this time, in milliseconds since 1970. */
  readonly after?: number
}

/** A filter of tasks, and the bounds of one page. */
export interface TaskQuery extends TaskFilter {
  /** Maximum number of rows of a page, up to 1000. @default 100 */
  readonly limit?: number
  /** Where the page starts: the `cursor` of the previous page. */
  readonly cursor?: string
  /**
   * Time after which a search stops and returns the rows found so far, in milliseconds.
   * @default 500
   */
  readonly budget?: number
}

/** A task with its event and delivery. */
export interface TaskDetail extends TaskInfo {
  readonly record: EventRecord
  readonly delivery: StoredDelivery
}

/**
 * Options of a change: how many tasks one call changes. If more tasks match, another call, from any process, continues
 * with the returned cursor.
 */
export interface ChangeOptions {
  /** Only counts the tasks, without changing them. @default false */
  readonly dryRun?: boolean
  /** Maximum number of tasks that this call changes. @default 10_000 */
  readonly limit?: number
  /** Where this call starts: the `cursor` that the previous call returned. */
  readonly cursor?: string
  /** When this call stops, in milliseconds since 1970. @default none */
  readonly until?: number
  /** The operator's name in `journal.actions`, at most 200 characters. @default none */
  readonly by?: string
}

/** Options of `replay`: how many tasks are replayed, and how fast. */
export interface ReplayOptions extends ChangeOptions {
  /**
   * Maximum number of tasks per second. The tasks become due one after another. A call with the returned cursor and the
   * same `rate` continues the series.
   * @default all at once
   */
  readonly rate?: number
}

/** Options of `erase`: which events are erased, and which payload remains. */
export interface EraseOptions extends ChangeOptions {
  /**
   * True to erase only events that a receiver's `storage.content` has marked (`EventRecord.passing`) and that have no
   * dead task.
   * @default false
   */
  readonly passing?: boolean
  /** Returns the payload that remains. `keep` must not throw. @default () => null */
  readonly keep?: (event: EventRecord, delivery: StoredDelivery) => unknown
}

/** The result of one call that changes tasks. */
export interface Changed {
  /** Number of tasks that were changed, or would be changed with `dryRun: false`. For `erase`, the number of events. */
  readonly count: number
  /** Where the next call starts; undefined if no matching task is left. */
  readonly cursor: string | undefined
  /** Id of the action in `journal.actions`. Undefined if no task was changed. */
  readonly action?: string
}

/** Number of tasks of a subscription in each state. */
export interface SubscriptionStats {
  readonly receiver: string
  readonly subscription: string
  readonly counts: Readonly<Record<TaskState, number>>
  /**
   * When the oldest of the tasks that are due now became due, in milliseconds since 1970. Undefined if no task is due.
   */
  readonly oldestDueAt: number | undefined
}

/**
 * The methods of an inbox for operators. An unknown key of a filter or of options throws a `TypeError` that names the
 * nearest known key.
 */
export interface InboxView {
  /** Lists tasks, newest first. The search stops after `budget`, so a page can be empty and still have a cursor. */
  list(query?: TaskQuery): MaybePromise<Page<TaskInfo>>
  get(id: string): MaybePromise<TaskDetail | undefined>
  stats(): MaybePromise<readonly SubscriptionStats[]>
  /**
   * Returns the error groups (causes) of dead and failing tasks, those with the most dead tasks first. The result has
   * the 50 causes with the most dead tasks, and the 50 causes with the newest events. For the second 50, causes with
   * dead tasks are chosen before all others. This keeps a large number of old causes from hiding a new cause.
   */
  causes(filter?: {
    readonly receiver?: string
    readonly subscription?: string
  }): MaybePromise<readonly Cause[]>
  /**
   * Returns a number that changes when any task changes, in any process. The call is cheap, so that pages can call it
   * often.
   */
  version(): MaybePromise<number>
  /**
   * Makes dead tasks pending again, from attempt 1. With `state: 'done'`, makes done tasks pending again. With `state:
   * 'pending'`, makes waiting tasks due now. `poison` tasks remain suspects. Tasks of erased events are left out.
   */
  replay(filter: TaskFilter, options?: ReplayOptions): MaybePromise<Changed>
  /**
   * Runs the event of a task again, for the same subscription, but with another payload. Returns the id of the new
   * task.
   */
  rerun(id: string, edit: { readonly payload: Json; readonly by?: string }): MaybePromise<string>
  /** Deletes pending or dead tasks. A redelivery of their events still counts as a duplicate. */
  delete(filter: TaskFilter, options?: ChangeOptions): MaybePromise<Changed>
  /**
   * Erases payload, headers, query, context and body of matching events. If the filter has a key of tasks, such as
   * `state`, an event matches if one of its tasks matches. Events with a pending or running task are left out. Id,
   * topic, key and times remain, so that a redelivery counts as a duplicate. An erased event never runs again: `replay`
   * leaves its tasks out. A `replay` with the `id` of such a task throws a `TypeError`, and so does `rerun`.
   *
   * @example
   * const { count } = await inbox.view.erase({ eventId: 'evt_123' }, { dryRun: true })
   * await inbox.view.erase({ eventId: 'evt_123' })
   */
  erase(filter: TaskFilter, options?: EraseOptions): MaybePromise<Changed>
  /**
   * Deletes done and dead tasks whose event was received before `before`, in milliseconds since
   * 1970. Returns the number of deleted tasks.
   */
  prune(before: number, options?: Pick<ChangeOptions, 'by'>): MaybePromise<number>
  /** Returns orphans: subscriptions that have pending tasks, but that no attached receiver has. */
  orphans(): MaybePromise<readonly Orphan[]>
}

/** A subscription that has pending tasks, but that no attached receiver has. */
export interface Orphan {
  readonly receiver: string
  readonly subscription: string
  readonly pending: number
}

/**
 * An error group: dead and failing tasks with the same error, over all subscriptions. Times are in milliseconds since
 * 1970.
 */
export interface Cause {
  /** The id of the error group, from `causeOf(error)`. Filters accept it as `cause`. */
  readonly cause: string
  /** The error of one of the tasks, as an example. */
  readonly sample: TaskError
  readonly dead: number
  /** Number of pending tasks whose last attempt failed with this error. */
  readonly retrying: number
  /** When the first and the last event of these tasks were received. */
  readonly first: number
  readonly last: number
  /** The subscriptions that have the most of these tasks, at most 8. */
  readonly subscriptions: readonly CauseSubscription[]
  /** Number of all subscriptions that have such tasks. */
  readonly subscriptionCount: number
  /** Number of all causes in the inbox. A result lists at most 100 of them. */
  readonly among: number
  /** Number of all causes that have at least one dead task. */
  readonly amongDead: number
  /**
   * Set if a subscription has more failed tasks than the inbox reads for this list. The result then covers only this
   * number of the newest failed tasks per subscription. `stats` counts all tasks.
   */
  readonly ofNewest?: number
}

/** Number of tasks of a subscription with one {@link Cause}. */
export interface CauseSubscription {
  readonly receiver: string
  readonly subscription: string
  readonly dead: number
  readonly retrying: number
}

/** The stored error of a failed attempt. */
export interface TaskError {
  readonly name: string
  readonly message: string
  /** The error's `code`, as set by Node.js or a database, such as `ECONNREFUSED` or `23505`. */
  readonly code?: string | undefined
  readonly stack?: string | undefined
  /** Issues that the subscription's schema reported, if the payload did not match. */
  readonly issues?: readonly { readonly message: string; readonly path: string }[] | undefined
}

/** One page of a list. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  /** Where the next page starts; undefined at the end of the list. */
  readonly cursor: string | undefined
  /** The time down to which the list was searched, in milliseconds since 1970. Undefined at the end of the list. */
  readonly searchedTo: number | undefined
}
