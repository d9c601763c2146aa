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
  /** With `debounce`: events that were folded into it. */
  readonly folded?: number
  /** The task that ran, or runs, for it: it was folded into that. A newer one may stand for that in turn. */
  readonly into?: string
  /** True if it ran nothing, since a newer event of its key had come before it. */
  readonly stale?: true
  /** The attempt it is at, counted from the first run or the last replay. */
  readonly attempt: number
  /** Runs in all, those before a replay and interruptions included. */
  readonly attempts: number
  /** Interruptions in a row since its last reported outcome: with three it is a suspect. */
  readonly interrupted?: number | undefined
  /** When it is due. */
  readonly due: number | undefined
  /** When it became done or dead. */
  readonly settledAt: number | undefined
  /** Milliseconds its last run took; undefined before the first one ended. */
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

/** Which tasks. Everything given must hold; an unknown key is a `TypeError`. */
export interface TaskFilter {
  readonly receiver?: string
  readonly subscription?: string
  /** The child task of a subscription: a destination of `forward`. */
  readonly part?: string
  readonly provider?: string
  readonly state?: TaskState
  /** A topic pattern, as subscriptions have it: `*` is one segment, `**` the rest. Aliases do not count. */
  readonly topic?: string
  /** The sender's id of the event. */
  readonly eventId?: string
  /** Keys of events (`EventRecord.key`, `Arrival.keys`), at most 100: tasks of any of these. */
  readonly keys?: readonly string[]
  /** The task's own id. */
  readonly id?: string
  /** `TaskInfo.cause`. */
  readonly cause?: string
  /** Text in the event's id, topic or payload, in any case. */
  readonly text?: string
  /** Received before or after, in milliseconds since 1970. */
  readonly before?: number
  readonly after?: number
}

/** Which page of a list. */
export interface TaskQuery extends TaskFilter {
  /** Rows of one page. @default 100, at most 1000 */
  readonly limit?: number
  /** Where the page starts: `cursor` of the page before. */
  readonly cursor?: string
  /** Milliseconds a search may take before it returns the rows found so far. @default 500 */
  readonly budget?: number
}

/** A task with its event and delivery. */
export interface TaskDetail extends TaskInfo {
  readonly record: EventRecord
  readonly delivery: StoredDelivery
}

/** How a change of many tasks is done. One call is one chunk: any process can continue with the cursor. */
export interface ChangeOptions {
  /** Counts and changes nothing. @default false */
  readonly dryRun?: boolean
  /** Tasks this call changes at most. @default 10_000 */
  readonly limit?: number
  /** Where this chunk starts: `cursor` of the one before. */
  readonly cursor?: string
  /** When this call must have ended, in milliseconds since 1970. @default none */
  readonly until?: number
  /** Who does it, as `journal.actions` tells: a name of at most 200 characters. @default none */
  readonly by?: string
}

/** How tasks are replayed. */
export interface ReplayOptions extends ChangeOptions {
  /** Tasks a second: they become due one after another, and the cursor carries on if the chunk ended. @default all at once */
  readonly rate?: number
}

/** Which events are erased, and the part of them that stays. */
export interface EraseOptions extends ChangeOptions {
  /**
   * Only events that a receiver's `storage.content` has marked (`EventRecord.passing`), and of those only events without a dead
   * task. @default false
   */
  readonly passing?: boolean
  /** Returns the payload that stays. It must not throw. @default () => null */
  readonly keep?: (event: EventRecord, delivery: StoredDelivery) => unknown
}

/** The result of one chunk of a change. */
export interface Changed {
  /** Tasks that were changed, or would be (`dryRun`); for `erase`, events. */
  readonly count: number
  /** Where the next chunk starts; undefined when there is nothing left. */
  readonly cursor: string | undefined
  /** Id of what `journal.actions` tells of it; undefined if nothing was changed. */
  readonly action?: string
}

/** Tasks of a subscription by state. */
export interface SubscriptionStats {
  readonly receiver: string
  readonly subscription: string
  readonly counts: Readonly<Record<TaskState, number>>
  /** When the oldest task that is due now was due, in milliseconds since 1970; undefined if none is. */
  readonly oldestDueAt: number | undefined
}

/** The operators' side of an inbox. An unknown key of a filter or an option is a `TypeError` with the nearest known name. */
export interface InboxView {
  /**
   * Newest first. It stops after its budget, and `searchedTo` says how far it looked: a page can be empty and have a
   * cursor.
   */
  list(query?: TaskQuery): MaybePromise<Page<TaskInfo>>
  get(id: string): MaybePromise<TaskDetail | undefined>
  stats(): MaybePromise<readonly SubscriptionStats[]>
  /**
   * Dead and failing tasks by error. Of all causes it answers the 50 with the most dead tasks and the 50 whose last dead
   * task was received last, so that a new one is not hidden by many old ones; the most dead tasks first.
   */
  causes(filter?: {
    readonly receiver?: string
    readonly subscription?: string
  }): MaybePromise<readonly Cause[]>
  /** A number that changes when any task did, in this process or another. Cheap: pages ask it often. */
  version(): MaybePromise<number>
  /**
   * Makes dead tasks pending again, from attempt 1. With `state: 'done'` done ones, and with `state: 'pending'` waiting
   * ones due now. `poison` tasks stay suspects. Tasks of erased events are left out.
   */
  replay(filter: TaskFilter, options?: ReplayOptions): MaybePromise<Changed>
  /**
   * Runs the task's event once more with another payload: a new event (`editedEvent`) with one task for the same
   * subscription and part. The id of the new task.
   */
  rerun(id: string, edit: { readonly payload: Json; readonly by?: string }): MaybePromise<string>
  /** Drops pending or dead tasks; a redelivery of their events stays a duplicate. */
  delete(filter: TaskFilter, options?: ChangeOptions): MaybePromise<Changed>
  /**
   * Erases the payload, headers, query, context and body of events. An event counts if the filter fits it, or one of
   * its tasks if the filter has a key of tasks. Events with a pending or running task are left out. Id, topic, key and
   * times stay, so that a redelivery is a duplicate. An erased event never runs again: `replay` leaves it out, and with
   * its `id`, as `rerun`, throws a `TypeError`.
   *
   * @example
   * const { count } = await inbox.view.erase({ eventId: 'evt_123' }, { dryRun: true })
   * await inbox.view.erase({ eventId: 'evt_123' })
   */
  erase(filter: TaskFilter, options?: EraseOptions): MaybePromise<Changed>
  /** Forgets done and dead tasks received before the time given, in milliseconds since 1970. */
  prune(before: number, options?: Pick<ChangeOptions, 'by'>): MaybePromise<number>
  /** Subscriptions with pending tasks that no attached receiver has. */
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
  /** `causeOf(error)`: give it to a filter. */
  readonly cause: string
  /** The error of one of them. */
  readonly sample: TaskError
  readonly dead: number
  /** Pending tasks that failed with it at their last attempt. */
  readonly retrying: number
  /** When the first and the last of these tasks was received. */
  readonly first: number
  readonly last: number
  /** The subscriptions with the most of these tasks, at most 8. */
  readonly subscriptions: readonly CauseSubscription[]
  /** How many subscriptions have such tasks. */
  readonly subscriptionCount: number
  /** How many causes there are in all: an answer has at most 100. */
  readonly among: number
  /** How many of those have a dead task. */
  readonly amongDead: number
  /**
   * Set if a subscription has more failed tasks than the inbox looks at: counts, times and causes are then of this many of each
   * subscription, the newest. `stats` counts all.
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
  /** `code` of the error, as Node.js and databases give it: `ECONNREFUSED`, `23505`. */
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
