import type { MaybePromise } from '../../../basics/maybe.ts'
import type { TopicMatch } from './filter.ts'
import type { CauseGroup, CauseTotals } from './top-causes.ts'
import type { TaskFilter } from '../../view.ts'
import { DONE, READY, type TaskRow } from '../row.ts'
import type { ActionRow } from '../journal/store.ts'

/** What operators read and change in a store. */
export interface Viewed {
  /** Reads one bounded step of a list: about `width` candidates behind `after`. */
  scan(want: Scan): MaybePromise<Scanned>
  /** Returns the place of a row in the list that `want` asks for. */
  placeOf(row: InfoRow, want: Pick<Scan, 'filter'>): Place
  /** Returns a task with its contents. */
  detail(id: number): MaybePromise<FullRow | undefined>
  stats(): MaybePromise<readonly StatsRow[]>
  /** Returns dead tasks and failed pending tasks by cause and lane, in the rows and order of `topCauses`. */
  causes(lanes: readonly number[] | undefined): MaybePromise<readonly CauseRow[]>
  /** Returns a number that changes when any task changes, in any process. Undefined if the database cannot tell. */
  version(): MaybePromise<number | undefined>
  /** Writes a note before each step of an operator's change. Absent if `atomic` is a real transaction. */
  begin?(notes: readonly ActionRow[]): MaybePromise<void>
  /** Returns kept attempts of a task, oldest first. The attempt that settled it is on the task's own row. */
  attempts(task: number): MaybePromise<readonly AttemptRow[]>
  /**
   * Erases events without an open task, in one transaction. With `passing` it erases only marked events without a dead
   * task. `empty` returns the contents that remain; for undefined the event stays as it is. A delivery is erased with
   * its last event. Without `empty` it only counts. It also writes the rows of `noted(count)`, as `Rows.note`.
   */
  erase(
    events: readonly number[],
    passing: boolean,
    empty: ((contents: ContentsRow) => ContentsRow | undefined) | undefined,
    noted: (count: number) => readonly ActionRow[],
  ): MaybePromise<number>
  /**
   * Does one bounded step of pruning, in order of arrival, by an index. It drops tasks done or dead before these times,
   * then events without tasks from before `known`, and their guards. Locked rows are skipped. Returns undefined at the
   * end.
   */
  prune(before: Before, place: Place | undefined): MaybePromise<Place | undefined>
}

/** Times on the store's clock. */
export interface Before {
  readonly done: number
  readonly dead: number
  readonly known: number
  /** The bound for guards, for which jumps of the clock never count. */
  readonly guards: number
}

/** A place in a list: ordered by `order`, then by task id. The event number follows from `task`. */
export type Place = readonly [order: number, task: number]

/** The rows that a step of a list looks for. */
export interface Scan {
  /** True for oldest first. Only for tasks. */
  readonly oldest: boolean
  /** `events` lists events with or without tasks. Then the `id` of a row is 0, and the filter has no key of tasks. */
  readonly of: 'tasks' | 'events'
  /** Without `text`, which the engine matches itself. */
  readonly filter: Omit<TaskFilter, 'text' | 'receiver' | 'subscription' | 'topic'>
  readonly receiver: string | undefined
  /** Lanes of `receiver` and `subscription`, if one of them is given. */
  readonly lanes: readonly number[] | undefined
  readonly topic: TopicMatch | undefined
  readonly after: Place | undefined
  readonly width: number
  readonly limit: number
  /** True for rows with record, head and body. */
  readonly full: boolean
  /** Only events that a receiver's `storage.content` marked and that are not erased. */
  readonly passing: boolean
}

export interface Scanned {
  readonly rows: readonly (InfoRow | FullRow)[]
  /** Where the next step starts; undefined at the end. */
  readonly to: Place | undefined
  /** How far the step looked, in milliseconds since 1970. */
  readonly searchedTo: number | undefined
}

/** A task in a list, with its event. */
export interface InfoRow extends TaskRow {
  readonly event: number
  /** Number of runs in all rounds. */
  readonly runs: number
  readonly part: string
  readonly cause: string | null
  readonly provider: string
  readonly eventId: string | null
  readonly topic: string
  readonly tenant: string | null
  readonly key: string
  readonly received: number
  readonly receiver: string
  readonly erased: boolean
}

/** A task in a list, with its contents. */
export interface FullRow extends InfoRow {
  readonly data: string | null
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}

/** Task columns of a row for an event without a task. */
export const NO_TASK: TaskRow & Pick<FullRow, 'runs' | 'part' | 'cause' | 'data'> = {
  id: 0,
  lane: 0,
  state: DONE,
  gate: READY,
  behind: false,
  attempt: 0,
  token: 0,
  round: 0,
  cut: 0,
  charged: 0,
  line: null,
  fair: null,
  due: 0,
  took: null,
  error: null,
  fold: null,
  runs: 0,
  part: '',
  cause: null,
  data: null,
}

/** Contents of an event. */
export interface ContentsRow {
  readonly event: number
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}

/** Number of tasks of a lane in one state. */
export interface StatsRow {
  readonly lane: number
  readonly state: number
  readonly count: number
  /** Milliseconds for which the oldest pending task has been due; null if none is due. */
  readonly oldest: number | null
}

/** Failed tasks with one cause and lane, and totals of the cause. */
export interface CauseRow extends CauseGroup, CauseTotals {
  readonly lane: number
  /** JSON of one task's error in the first row of a cause; null in other rows. */
  readonly error: string | null
  /** As in `Cause`. */
  readonly ofNewest?: number
}

/** A run of a task. */
export interface AttemptRow {
  readonly attempt: number
  readonly ended: number
  readonly took: number | null
  readonly outcome: 'done' | 'retry' | 'postpone' | 'dead' | 'interrupted'
  readonly error: string | null
  /** Host and process id. */
  readonly process: string
}
