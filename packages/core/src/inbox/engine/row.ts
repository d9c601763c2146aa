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

/** May be claimed at any time. */
export const READY = 0
/** Waits until the task is due, then for the next turn of its tenant. */
export const LATER = 1
/** Was interrupted: the task is claimed only if it can start at once. */
export const AGAIN = 2
/** Was interrupted too often: the task is claimed only while no other suspect runs in the process. */
export const SUSPECT = 3
export type Gate = 0 | 1 | 2 | 3

/** Maximum number of tasks of an event. A task's id is `event * TASKS + n`: one index finds it by id and by event. */
export const TASKS = 65_536

/** Returns the event number of a task's id. */
export function eventOf(task: number): number {
  return Math.floor(task / TASKS)
}

/** A delivery; its events share one object, so that it is stored once. A store that is `alone` gets no head. */
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
  /** Number from `Store.block`, or set by `insert`. */
  number: number
  readonly receiver: string
  /** `key` is its identity in the receiver. Look-up columns have its strings; `record` has the whole event. */
  readonly event: EventRecord
  /** The encoded event; '' for a store that is `alone`. */
  readonly record: string
  readonly delivery: NewDelivery
}

/** A task to be stored. */
export interface NewTask {
  readonly event: NewEvent | undefined
  /** The task's place among the tasks of its event. The store numbers child tasks. */
  readonly n: number
  readonly lane: number
  /** '' for none. */
  readonly part: string
  readonly data: string | null
  /** The ordering key as a number below 2^52. Tasks of one root and line run one after another. */
  readonly line: number | null
  readonly fair: string | null
  turn: number
  /** The insert claims the task with this token; 0 leaves it pending. */
  readonly token: number
  /** JSON of a `Fold`; null if the subscription has no `debounce`. */
  readonly fold: string | null
  /** Milliseconds until the task is due, and the gate for that time. */
  readonly wait: number
  readonly gate: Gate
}

/** A task, as the rules need it. */
export interface TaskRow {
  readonly id: number
  readonly lane: number
  readonly state: State
  readonly gate: Gate
  /** True if another task of its line runs first. */
  readonly behind: boolean
  /** Attempts since the round started, the current one included. */
  readonly attempt: number
  /** The token of the last claim. Divided by 2^32 it is the number of the process. */
  readonly token: number
  /** A revival, a replay and a deletion start a new round. An outcome counts only in its own round. */
  readonly round: number
  /** Interruptions in a row, and how many of them are strikes. */
  readonly cut: number
  readonly charged: number
  readonly line: number | null
  readonly fair: string | null
  /** When the task is due or settled, in milliseconds since 1970. */
  readonly due: number
  /** Microseconds of the last run; null if it was interrupted or never ran. */
  readonly took: number | null
  readonly error: string | null
  /** JSON of a `Fold`; null if the subscription has no `debounce`. */
  readonly fold: string | null
}

/** A claimed task with its contents. */
export interface ClaimRow {
  readonly id: number
  readonly lane: number
  /** The gate before the claim. */
  readonly gate: Gate
  /** Number of the attempt that was just claimed. */
  readonly attempt: number
  readonly round: number
  readonly cut: number
  /** True if an earlier attempt left an error. */
  readonly failed: boolean
  readonly line: number | null
  readonly fair: string | null
  readonly fold: string | null
  readonly part: string
  readonly data: string | null
  readonly record: string | null
  readonly head: string
  readonly body: Uint8Array
  /** Event and delivery as objects, from a store that keeps no text. */
  readonly whole?: { readonly event: EventRecord; readonly delivery: StoredDelivery }
}

/** A task whose outcome was rejected. */
export interface Lost extends TaskRow {
  /** True if another run settled the task while this claim held it. */
  readonly held: boolean
}

/** A task that may be the first of its line. */
export interface HeadRow extends TaskRow {
  readonly root: number
  /** Its place in the line: the order of arrival. */
  readonly seq: number
  /** True if the task is settled and a run still holds it. */
  readonly held: boolean
}

/** A pending task that may be folded, and the newest task of its key. */
export interface FoldRow extends HeadRow {
  /** The clock of `due`, in milliseconds. */
  readonly now: number
  /** As in {@link Newest}; null if none is known. */
  readonly newest: number | null
  readonly highest: string | null
  /** The key of the event, if it will be erased once its tasks are done. */
  readonly passing: string | null
}

/** What one transaction folded. */
export interface Folds {
  readonly ended: readonly {
    readonly id: number
    readonly lane: number
    /** The task that runs instead; undefined if this task was stale. */
    readonly into: number | undefined
    readonly passing: string | null
  }[]
  /** Milliseconds until each remaining task is due. */
  readonly waits: readonly { readonly lane: number; readonly wait: number }[]
}

/** The newest task of a key. */
export interface Newest {
  readonly root: number
  readonly key: string
  readonly task: number
  /** JSON of the highest value so far; null if no event had one. */
  readonly highest: string | null
}

/** A subscription of a receiver in the store. */
export interface LaneRow {
  readonly lane: number
  readonly receiver: string
  readonly name: string
}

/** How many tasks a lane can accept. */
export interface Wish {
  readonly lane: number
  /** Number of tasks in all. */
  readonly room: number
  readonly now: number
}

/** The last turn of a tenant, and about how many of its tasks wait. */
export interface Turn {
  readonly lane: number
  readonly fair: string
  readonly turn: number
  readonly tasks: number
}
