import type { EventRecord, StoredDelivery } from '../../event.ts'
import type { TaskState } from '../view.ts'

/** States of a task as they are stored. A deleted task has no row. */
export const PENDING = 0
export const RUNNING = 1
export const DONE = 2
export const DEAD = 3
export const GONE = 4
export type State = 0 | 1 | 2 | 3 | 4
/** Names of the states, by number. */
export const STATES: readonly TaskState[] = ['pending', 'running', 'done', 'dead']

/**
 * Gate of a task that may be claimed at any time. A gate is the condition under which a pending task may be claimed.
 */
export const READY = 0
/**
 * The task first waits until it is due. Then it waits for its tenant's next turn (a number by which tenants are served
 * in rotation).
 */
export const LATER = 1
/** The task was interrupted, so it is claimed only if it can start immediately. */
export const AGAIN = 2
/** The task was interrupted three times in a row. It is claimed only while no other suspect runs in the process. */
export const SUSPECT = 3
export type Gate = 0 | 1 | 2 | 3

/**
 * Maximum number of tasks of an event. A task's id is `event * TASKS + n`, so that one index finds tasks by id and by
 * event.
 */
export const TASKS = 65_536

/** Returns the event number that a task's id contains. */
export function eventOf(task: number): number {
  return Math.floor(task / TASKS)
}

/**
 * A delivery to be stored. All its events share this object, so that the delivery is stored once. For a store that is
 * `alone` (in memory), `head` is ''.
 */
export interface NewDelivery {
  readonly head: string
  readonly body: Uint8Array
  readonly received: number
  /** Number of events in the delivery. */
  readonly events: number
  readonly whole: StoredDelivery
}

/** An event to be stored. */
export interface NewEvent {
  /** The event's number, from `Store.block`. If the store has no `block`, `insert` sets it. */
  number: number
  readonly receiver: string
  /**
   * The event. Its `key` is unique within its receiver. The strings of the event go to columns for look-ups; `record`
   * contains the whole event.
   */
  readonly event: EventRecord
  /** The encoded event; '' for a store that is `alone` (in memory). */
  readonly record: string
  readonly delivery: NewDelivery
}

/** A task to be stored. `gate` applies until the task is due. */
export interface NewTask extends Pick<TaskRow, 'lane' | 'line' | 'fair' | 'fold' | 'gate'> {
  readonly event: NewEvent | undefined
  /** The task's number among the tasks of its event. For child tasks, the store sets this number. */
  readonly n: number
  /** The name of a child task among those of its subscription; '' if the task has none. */
  readonly part: string
  readonly data: string | null
  turn: number
  /** The token with which the insert claims the task. With 0, the task stays pending. */
  readonly token: number
  /** Milliseconds until the task is due. */
  readonly wait: number
}

/** The columns of a task that the engine's rules use. */
export interface TaskRow {
  readonly id: number
  readonly lane: number
  readonly state: State
  readonly gate: Gate
  /** True if another task of the same line must run first. */
  readonly behind: boolean
  /** Number of attempts since the round started, including the current one. */
  readonly attempt: number
  /** The token of the last claim. Divided by 2^32, the token gives the number of the process. */
  readonly token: number
  /**
   * The number of the round. A redelivery that revives the task, and a replay, start a new round. An outcome counts
   * only in the round of its claim.
   */
  readonly round: number
  /**
   * `cut` is the number of interruptions in a row. `charged` is the number of strikes: all interruptions after the
   * third.
   */
  readonly cut: number
  readonly charged: number
  /**
   * The ordering key as a number below 2^52. Tasks with the same line and root (a subscription under all its names) run
   * one after another.
   */
  readonly line: number | null
  readonly fair: string | null
  /** When a pending task is due, or when a task became done or dead (was settled), in milliseconds since 1970. */
  readonly due: number
  /** Duration of the last run, in microseconds; null if that run was interrupted, or if there was no run. */
  readonly took: number | null
  readonly error: string | null
  /** JSON of a `Fold` (how tasks of one key are merged); null if the subscription has no `debounce`. */
  readonly fold: string | null
}

/** A claimed task with its contents. `gate` is the gate before the claim. */
export interface ClaimRow extends Pick<
  TaskRow,
  'id' | 'lane' | 'gate' | 'attempt' | 'round' | 'cut' | 'line' | 'fair' | 'fold'
> {
  /** True if the row has the error of an earlier attempt. */
  readonly failed: boolean
  readonly part: string
  readonly data: string | null
  readonly record: string | null
  readonly head: string
  readonly body: Uint8Array
  /** Event and delivery as objects, from a store that keeps objects instead of text. */
  readonly whole?: { readonly event: EventRecord; readonly delivery: StoredDelivery }
}

/** The current row of a task whose outcome was rejected. */
export interface Lost extends TaskRow {
  /** True if another run settled the task while this claim held it. */
  readonly held: boolean
}

/** A task that may become the first of its line (the tasks of one ordering key). */
export interface HeadRow extends TaskRow {
  readonly root: number
  /** The task's place in its line, in order of arrival. */
  readonly seq: number
  /** True if the task is done or dead, but a run still holds it. */
  readonly held: boolean
}

/** A pending task that may be folded (merged into the newest task of its key), with data about the newest task. */
export interface FoldRow extends HeadRow {
  /** The current time on the clock of `due`, in milliseconds. */
  readonly now: number
  /** The members `task` (as `newest`) and `highest` of the key's {@link Newest}. Null if unknown. */
  readonly newest: number | null
  readonly highest: string | null
  /** The event's key, if the event is to be erased once its tasks are done; otherwise null. */
  readonly passing: string | null
}

/** The tasks that one transaction folded, that is, merged into newer tasks of the same key. */
export interface Folds {
  readonly ended: readonly {
    readonly id: number
    readonly lane: number
    /** The task that runs instead of this one; undefined if this task was stale. */
    readonly into: number | undefined
    readonly passing: string | null
  }[]
  /** Milliseconds until each task that remains after folding is due. */
  readonly waits: readonly { readonly lane: number; readonly wait: number }[]
}

/** The newest task of a `debounce` key. */
export interface Newest {
  readonly root: number
  readonly key: string
  readonly task: number
  /** JSON of the highest value of `newest` so far; null if no event had such a value. */
  readonly highest: string | null
}

/** A lane: a name of a receiver's subscription, with its number in the store. */
export interface LaneRow {
  readonly lane: number
  readonly receiver: string
  readonly name: string
}

/** How many tasks of a lane a process can claim. */
export interface Wish {
  readonly lane: number
  /** Maximum number of tasks to claim. Of these, `now` can start immediately. */
  readonly room: number
  readonly now: number
}

/**
 * The last turn of a tenant in a lane, and about how many of the tenant's tasks wait. Turns are numbers by which
 * tenants are served in rotation.
 */
export interface Turn {
  readonly lane: number
  readonly fair: string
  readonly turn: number
  readonly tasks: number
}
