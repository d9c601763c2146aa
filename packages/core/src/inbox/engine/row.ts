import type { EventRecord, StoredDelivery } from '../../event.ts'
import type { TaskState } from '../view.ts'

/** States of a task as they are stored. A deleted one has no row any more. */
export const PENDING = 0
export const RUNNING = 1
export const DONE = 2
export const DEAD = 3
export const GONE = 4
export type State = 0 | 1 | 2 | 3 | 4
/** Their names, by number. */
export const STATES: readonly TaskState[] = ['pending', 'running', 'done', 'dead']

/** May be claimed: it has no time. */
export const READY = 0
/** Waits until it is due, and then for the next turn of its tenant. */
export const LATER = 1
/** Was interrupted: it is claimed only to start at once. */
export const AGAIN = 2
/** Was interrupted too often: it is claimed only while no other suspect runs in the process. */
export const SUSPECT = 3
export type Gate = 0 | 1 | 2 | 3

/** Tasks that one event may have. The id of a task is `event * TASKS + n`, so that one key finds by id and by event. */
export const TASKS = 65_536

/** Number of the event of a task. */
export function eventOf(task: number): number {
  return Math.floor(task / TASKS)
}

/** Head and body of a delivery; no head for a store that is alone. Events that came together share one object, so that it is stored once. */
export interface NewDelivery {
  readonly head: string
  readonly body: Uint8Array
  /** Milliseconds since 1970. */
  readonly received: number
  /** Events that came with it. */
  readonly events: number
  /** As it came. */
  readonly whole: StoredDelivery
}

/** An event to be stored. */
export interface NewEvent {
  /** From `Store.block`, or set by `insert`. */
  number: number
  readonly receiver: string
  /** `key` is its identity in the receiver. Look-up columns have its strings; `record` has all of it. */
  readonly event: EventRecord
  /** '' for a store that is alone. */
  readonly record: string
  readonly delivery: NewDelivery
}

/** A task to be stored. */
export interface NewTask {
  readonly event: NewEvent | undefined
  /** Its place among the tasks of its event. A store gives children theirs. */
  readonly n: number
  readonly lane: number
  /** '' for none. */
  readonly part: string
  /** JSON. */
  readonly data: string | null
  /** Its ordering key as a number below 2^52: tasks of one root and line run one after another. */
  readonly line: number | null
  /** Its tenant. */
  readonly fair: string | null
  turn: number
  /** Claimed with this token by the insert; 0: it waits. */
  readonly token: number
  /** JSON of a `Fold`; null if its subscription has no `debounce`. */
  readonly fold: string | null
  /** Milliseconds until it is due, and the gate that it waits at. */
  readonly wait: number
  readonly gate: Gate
}

/** A task, as the rules need it. */
export interface TaskRow {
  readonly id: number
  readonly lane: number
  readonly state: State
  readonly gate: Gate
  /** Another task of its line goes first. */
  readonly behind: boolean
  /** Attempts since its round started, with the one that runs. */
  readonly attempt: number
  /** Of the last claim. Divided by 2^32 it is the number of the process. */
  readonly token: number
  /** A revival, a replay and a deletion start a new round: an outcome counts only in its own. */
  readonly round: number
  /** Interruptions in a row, and those of them that were charged. */
  readonly cut: number
  readonly charged: number
  readonly line: number | null
  readonly fair: string | null
  /** When it is due, or when it settled, in milliseconds since 1970. */
  readonly due: number
  /** Microseconds of its last run; null if it was interrupted or never ran. */
  readonly took: number | null
  /** JSON of the last error. */
  readonly error: string | null
  /** JSON of a `Fold`; null if its subscription has no `debounce`. */
  readonly fold: string | null
}

/** A claimed task with its contents. */
export interface ClaimRow {
  readonly id: number
  readonly lane: number
  /** The gate it came through. */
  readonly gate: Gate
  /** With the one that was just claimed. */
  readonly attempt: number
  readonly round: number
  readonly cut: number
  /** True if it has an error of an earlier attempt. */
  readonly failed: boolean
  readonly line: number | null
  readonly fair: string | null
  readonly fold: string | null
  readonly part: string
  readonly data: string | null
  /** Null if its event is gone. */
  readonly record: string | null
  readonly head: string
  readonly body: Uint8Array
  /** The same as objects, from a store that keeps no text. */
  readonly whole?: { readonly event: EventRecord; readonly delivery: StoredDelivery }
}

/** A task whose outcome was rejected. */
export interface Lost extends TaskRow {
  /** True if another had settled it while this claim held it. */
  readonly held: boolean
}

/** A task that may go first in its line. */
export interface HeadRow extends TaskRow {
  readonly root: number
  /** Its place in the line: the order of arrival. */
  readonly seq: number
  /** True if it is settled, and a run still holds it. */
  readonly held: boolean
}

/** A pending task that may be folded, and the newest of its key. */
export interface FoldRow extends HeadRow {
  /** The clock of `due`, in milliseconds. */
  readonly now: number
  /** As in {@link Newest}; null if none is known. */
  readonly newest: number | null
  readonly highest: string | null
  /** The key of its event, if that is to be erased once its tasks are done. */
  readonly passing: string | null
}

/** What was folded in one transaction. */
export interface Folds {
  /** Tasks that ended without a run of their own. */
  readonly ended: readonly {
    readonly id: number
    readonly lane: number
    /** The task that stands for it; undefined if it was stale. */
    readonly into: number | undefined
    /** The key of its event, if that is to be erased once its tasks are done. */
    readonly passing: string | null
  }[]
  /** Tasks that stand for their key, and the milliseconds until each is due. */
  readonly waits: readonly { readonly lane: number; readonly wait: number }[]
}

/** The newest task of a key. */
export interface Newest {
  readonly root: number
  /** `Fold.k`. */
  readonly key: string
  readonly task: number
  /** JSON of the highest value that was seen; null if none had one. */
  readonly highest: string | null
}

/** A subscription of a receiver in the store. */
export interface LaneRow {
  readonly lane: number
  readonly receiver: string
  readonly name: string
}

/** Tasks that a lane can take. */
export interface Wish {
  readonly lane: number
  /** Tasks in all. */
  readonly room: number
  /** Tasks that would start at once. */
  readonly now: number
}

/** The last turn of a tenant, and about how many of its tasks wait. */
export interface Turn {
  readonly lane: number
  readonly fair: string
  readonly turn: number
  readonly tasks: number
}
