import type { Json } from '../delivery.ts'
import type { EventRecord, StoredDelivery } from '../event.ts'
import type { MaybePromise } from '../basics/maybe.ts'

export type TaskState = 'pending' | 'running' | 'done' | 'dead'

/** A task as operators see it. Times in milliseconds since 1970. */
export interface TaskInfo {
  readonly id: string
  readonly receiver: string
  readonly subscription: string
  readonly part: string | undefined
  readonly state: TaskState
  /** With `debounce`, the number of events that were folded into it. */
  readonly folded?: number
  /** The task that it was folded into and that runs instead. That one may be folded again. */
  readonly into?: string
  /** True if it ran nothing, since a newer event of its key had arrived before. */
  readonly stale?: true
  /** Attempts since the first run or the last replay. */
  readonly attempt: number
  /** Runs in all, with those before a replay and interruptions. */
  readonly attempts: number
  /** Interruptions in a row since the last outcome. With three the task is a suspect. */
  readonly interrupted?: number | undefined
  /** When it is due. */
  readonly due: number | undefined
  /** When it became done or dead. */
  readonly settledAt: number | undefined
  /** Milliseconds of the last run; undefined before the first one ended. */
  readonly duration: number | undefined
  readonly error: TaskError | undefined
  /** Groups equal errors: `causeOf(error)`. Undefined without an error, and once the task is done. */
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

/** Filter of tasks: all given keys must match. An unknown key is a `TypeError`. */
export interface TaskFilter {
  readonly receiver?: string
  readonly subscription?: string
  /** The child task of a subscription, such as a destination of `forward`. */
  readonly part?: string
  readonly provider?: string
  readonly state?: TaskState
  /** A topic pattern as in subscriptions: `*` is one segment, `**` the rest. Aliases do not count. */
  readonly topic?: string
  /** The sender's id of the event. */
  readonly eventId?: string
  /** Keys of events (`EventRecord.key`, `Arrival.keys`), at most 100: tasks of any of them. */
  readonly keys?: readonly string[]
  /** The task's own id. */
  readonly id?: string
  /** `TaskInfo.cause`. */
  readonly cause?: string
  /** Text in the event's id, topic or payload; upper and lower case match. */
  readonly text?: string
  /** Received before this time, in milliseconds since 1970. */
  readonly before?: number
  /** Received after this time, in milliseconds since 1970. */
  readonly after?: number
}

/** A page of a list. */
export interface TaskQuery extends TaskFilter {
  /** Maximum number of rows of a page, up to 1000. @default 100 */
  readonly limit?: number
  /** Where the page starts: `cursor` of the page before. */
  readonly cursor?: string
  /** Milliseconds after which a search returns the rows found so far. @default 500 */
  readonly budget?: number
}

/** A task with its event and delivery. */
export interface TaskDetail extends TaskInfo {
  readonly record: EventRecord
  readonly delivery: StoredDelivery
}

/** How many tasks are changed. One call is one chunk: any process can continue with the cursor. */
export interface ChangeOptions {
  /** Counts and changes nothing. @default false */
  readonly dryRun?: boolean
  /** Maximum number of tasks that this call changes. @default 10_000 */
  readonly limit?: number
  /** Where this chunk starts: `cursor` of the chunk before. */
  readonly cursor?: string
  /** When this call must have ended, in milliseconds since 1970. @default none */
  readonly until?: number
  /** The operator's name in `journal.actions`, at most 200 characters. @default none */
  readonly by?: string
}

/** How tasks are replayed. */
export interface ReplayOptions extends ChangeOptions {
  /** Tasks per second. They become due one after another, and the cursor continues the rate. @default all at once */
  readonly rate?: number
}

/** Which events are erased, and what remains of them. */
export interface EraseOptions extends ChangeOptions {
  /**
   * Erases only events that a receiver's `storage.content` has marked (`EventRecord.passing`) and that have no dead
   * task.
   * @default false
   */
  readonly passing?: boolean
  /** Returns the payload that remains. It must not throw. @default () => null */
  readonly keep?: (event: EventRecord, delivery: StoredDelivery) => unknown
}

/** The result of one chunk of a change. */
export interface Changed {
  /** Number of tasks that were changed, or would be (`dryRun`); for `erase`, of events. */
  readonly count: number
  /** Where the next chunk starts; undefined at the end. */
  readonly cursor: string | undefined
  /** Id of the action in `journal.actions`; undefined if nothing was changed. */
  readonly action?: string
}

/** Tasks of a subscription by state. */
export interface SubscriptionStats {
  readonly receiver: string
  readonly subscription: string
  readonly counts: Readonly<Record<TaskState, number>>
  /** When the oldest task that is due now became due, in milliseconds since 1970; undefined if none is due. */
  readonly oldestDueAt: number | undefined
}

/** The operators' side of an inbox. An unknown key throws a `TypeError` with the nearest known name. */
export interface InboxView {
  /** Lists tasks, newest first. It stops after its budget: a page can be empty and have a cursor. */
  list(query?: TaskQuery): MaybePromise<Page<TaskInfo>>
  get(id: string): MaybePromise<TaskDetail | undefined>
  stats(): MaybePromise<readonly SubscriptionStats[]>
  /**
   * Groups dead and failing tasks by error, with the most dead tasks first. It returns the 50 causes with the most dead
   * tasks and the 50 whose last dead task arrived last, so that many old causes do not hide a new one.
   */
  causes(filter?: {
    readonly receiver?: string
    readonly subscription?: string
  }): MaybePromise<readonly Cause[]>
  /** Returns a number that changes when any task changes, in any process. Cheap, since pages call it often. */
  version(): MaybePromise<number>
  /**
   * Makes dead tasks pending again, from attempt 1. With `state: 'done'` it does so for done tasks; with `state:
   * 'pending'` it makes waiting tasks due now. `poison` tasks remain suspects. Tasks of erased events are left out.
   */
  replay(filter: TaskFilter, options?: ReplayOptions): MaybePromise<Changed>
  /** Runs the event of a task again with another payload, for the same subscription. Returns the id of the new task. */
  rerun(id: string, edit: { readonly payload: Json; readonly by?: string }): MaybePromise<string>
  /** Deletes pending or dead tasks. A redelivery of their events is still a duplicate. */
  delete(filter: TaskFilter, options?: ChangeOptions): MaybePromise<Changed>
  /**
   * Erases payload, headers, query, context and body of matching events. With a key of tasks, an event matches if one
   * of its tasks does. Events with a pending or running task are left out. Id, topic, key and times remain, so that a
   * redelivery is a duplicate. An erased event never runs again: `replay` leaves it out. A `replay` with its `id`, and
   * `rerun`, throw a `TypeError`.
   *
   * @example
   * const { count } = await inbox.view.erase({ eventId: 'evt_123' }, { dryRun: true })
   * await inbox.view.erase({ eventId: 'evt_123' })
   */
  erase(filter: TaskFilter, options?: EraseOptions): MaybePromise<Changed>
  /** Deletes done and dead tasks received before a time, in milliseconds since 1970. Returns their number. */
  prune(before: number, options?: Pick<ChangeOptions, 'by'>): MaybePromise<number>
  /** Returns subscriptions with pending tasks that no attached receiver has. */
  orphans(): MaybePromise<readonly Orphan[]>
}

/** A subscription with pending tasks that no attached receiver has. */
export interface Orphan {
  readonly receiver: string
  readonly subscription: string
  readonly pending: number
}

/** Dead and failing tasks with one error, over all their subscriptions. Times in milliseconds since 1970. */
export interface Cause {
  /** `causeOf(error)`, as a filter accepts it. */
  readonly cause: string
  /** The error of one of the tasks. */
  readonly sample: TaskError
  readonly dead: number
  /** Pending tasks whose last attempt failed with it. */
  readonly retrying: number
  /** When the first and the last of these tasks were received. */
  readonly first: number
  readonly last: number
  /** The subscriptions with the most of these tasks, at most 8. */
  readonly subscriptions: readonly CauseSubscription[]
  /** Number of subscriptions with such tasks. */
  readonly subscriptionCount: number
  /** Number of causes in all. An answer has at most 100. */
  readonly among: number
  /** Number of causes with a dead task. */
  readonly amongDead: number
  /**
   * Set if a subscription has more failed tasks than the inbox reads: then counts, times and causes cover only this
   * number of the newest tasks per subscription. `stats` counts all.
   */
  readonly ofNewest?: number
}

/** Tasks of a subscription with one {@link Cause}. */
export interface CauseSubscription {
  readonly receiver: string
  readonly subscription: string
  readonly dead: number
  readonly retrying: number
}

/** Why an attempt failed, as it is stored. */
export interface TaskError {
  readonly name: string
  readonly message: string
  /** `code` of the error, as Node.js and databases set it: `ECONNREFUSED`, `23505`. */
  readonly code?: string | undefined
  readonly stack?: string | undefined
  /** Issues of the schema that did not match. */
  readonly issues?: readonly { readonly message: string; readonly path: string }[] | undefined
}

/** One page of a list. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  /** Where the next page starts; undefined at the end. */
  readonly cursor: string | undefined
  /** How far back the list was searched, in milliseconds since 1970; undefined at the end. */
  readonly searchedTo: number | undefined
}
