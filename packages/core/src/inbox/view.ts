import type { EventRecord, StoredDelivery } from '../event.ts'
import type { TaskError } from './inbox.ts'
import type { MaybePromise } from '../maybe.ts'

export type TaskState = 'pending' | 'running' | 'done' | 'dead'

/** A task as operators see it. */
export interface TaskInfo {
  readonly id: string
  readonly receiver: string
  readonly subscription: string
  readonly part: string | undefined
  readonly state: TaskState
  readonly attempt: number
  /** When it is due, in milliseconds since 1970. */
  readonly due: number | undefined
  readonly error: TaskError | undefined
  readonly event: {
    readonly id: string | undefined
    readonly topic: string
    readonly scope: string | undefined
    readonly key: string
  }
  readonly receivedAt: number
}

/** Which tasks. Everything given must hold. */
export interface TaskFilter {
  readonly receiver?: string
  readonly subscription?: string
  readonly state?: TaskState
  readonly topic?: string
  /** The sender's id of the event. */
  readonly eventId?: string
  /** The task's own id. */
  readonly id?: string
  /** Received before or after, in milliseconds since 1970. */
  readonly before?: number
  readonly after?: number
}

/** A task with its event and delivery. */
export interface TaskDetail extends TaskInfo {
  readonly record: EventRecord
  readonly delivery: StoredDelivery
}

/** What the CLI and the inspector use. */
export interface InboxView {
  list(
    filter?: TaskFilter & { readonly limit?: number; readonly cursor?: string },
  ): MaybePromise<{ readonly tasks: readonly TaskInfo[]; readonly cursor: string | undefined }>
  get(id: string): MaybePromise<TaskDetail | undefined>
  stats(): MaybePromise<
    readonly {
      readonly receiver: string
      readonly subscription: string
      readonly counts: Readonly<Record<TaskState, number>>
    }[]
  >
  /** Makes dead tasks pending again, from attempt 1; done ones where the filter says `state: 'done'`. The number of them. */
  replay(filter: TaskFilter): MaybePromise<number>
  /** Drops pending or dead tasks; a redelivery of their events stays a duplicate. */
  discard(filter: TaskFilter): MaybePromise<number>
  /** Forgets done and dead tasks received before the time given, in milliseconds since 1970. */
  prune(before: number): MaybePromise<number>
  /** Subscriptions with pending tasks that no attached receiver has. */
  orphans(): MaybePromise<
    readonly {
      readonly receiver: string
      readonly subscription: string
      readonly pending: number
    }[]
  >
}
