import type { MaybePromise } from '../../../basics/maybe.ts'
import type { TopicMatch } from './filter.ts'
import type { CauseGroup, CauseTotals } from './top-causes.ts'
import type { TaskFilter } from '../../view.ts'
import type { Attempted } from '../patch.ts'
import { DONE, READY, type TaskRow } from '../row.ts'
import type { ActionRow } from '../journal/store.ts'

/** The methods of a store that serve operators. */
export interface Viewed {
  /** Reads one step of a list: about `width` rows after the place `after`. Returns the rows that match. */
  scan(want: Scan): MaybePromise<Scanned>
  /** Returns the place of a row in the list that `want` asks for. */
  placeOf(row: InfoRow, want: Pick<Scan, 'filter'>): Place
  /** Returns a task with its contents. */
  detail(id: number): MaybePromise<FullRow | undefined>
  stats(): MaybePromise<readonly StatsRow[]>
  /**
   * Counts dead tasks and failed pending tasks by cause (error group) and lane (subscription). Returns the rows that
   * `topCauses` returns, in the same order.
   */
  causes(lanes: readonly number[] | undefined): MaybePromise<readonly CauseRow[]>
  /**
   * Returns a number that changes when any task changes, in any process. Returns undefined if the database cannot
   * provide such a number.
   */
  version(): MaybePromise<number | undefined>
  /**
   * Writes the records of an operator's change before each step of the change. Absent if `atomic` is a real
   * transaction, which writes the records together with the change.
   */
  begin?(notes: readonly ActionRow[]): MaybePromise<void>
  /** Returns the stored attempts of a task, oldest first, including the one that settled the task. */
  attempts(task: number): MaybePromise<readonly AttemptRow[]>
  /**
   * Erases events that have no open task, in one transaction, and returns their number. With `passing`, erases only
   * events that `storage.content` marked and that have no dead task either. `empty` returns the contents that remain,
   * or undefined to leave the event as it is. Without `empty`, only counts the events. A delivery is erased with its
   * last event. The transaction also writes the records that `noted(count)` returns.
   */
  erase(
    events: readonly number[],
    passing: boolean,
    empty: ((contents: ContentsRow) => ContentsRow | undefined) | undefined,
    noted: (count: number) => readonly ActionRow[],
  ): MaybePromise<number>
  /**
   * Does one step of pruning, in order of arrival, with an index. First drops tasks that became done or dead before the
   * given times. Then drops events that have no tasks and arrived before `known`, with their guards (keys that only one
   * event may hold). Skips locked rows. Returns where the next step starts, or undefined at the end.
   */
  prune(before: Before, place: Place | undefined): MaybePromise<Place | undefined>
}

/** The times before which rows are pruned, on the store's clock, in milliseconds since 1970. */
export interface Before {
  readonly done: number
  readonly dead: number
  readonly known: number
  /** The time for guards. A jump of the clock does not make guards older. */
  readonly guards: number
}

/** A place in a list that is sorted by `order`, then by `task` (a task id). The id also contains the event's number. */
export type Place = readonly [order: number, task: number]

/** The filter and bounds of one step of a list. */
export interface Scan {
  /** True to list the oldest first. Used only for lists of tasks. */
  readonly oldest: boolean
  /**
   * `events` lists all events, also those without tasks. In this case, each row has `id` 0, and the filter has no keys
   * of tasks.
   */
  readonly of: 'tasks' | 'events'
  /** The filter without `text`, which the engine itself compares. */
  readonly filter: Omit<TaskFilter, 'text' | 'receiver' | 'subscription' | 'topic'>
  readonly receiver: string | undefined
  /** The lanes that match `receiver` and `subscription`, if the list has one of these filters. */
  readonly lanes: readonly number[] | undefined
  readonly topic: TopicMatch | undefined
  /** Returns true if a row matches the filter without `text`. Used by stores that read through their rows. */
  fits(row: InfoRow): boolean
  readonly after: Place | undefined
  readonly width: number
  readonly limit: number
  /** True to return each row with its event (`record`) and its delivery (`head` and `body`). */
  readonly full: boolean
  /** True to list only events that a receiver's `storage.content` marked and that are not erased yet. */
  readonly passing: boolean
}

export interface Scanned {
  readonly rows: readonly (InfoRow | FullRow)[]
  /** Where the next step starts; undefined at the end of the list. */
  readonly to: Place | undefined
  /** The time up to which the step has searched, in milliseconds since 1970. */
  readonly searchedTo: number | undefined
}

/** A task in a list, with its event. */
export interface InfoRow extends TaskRow {
  readonly event: number
  /** Number of runs over all rounds; a replay starts a new round. */
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

/** Contents of an event. */
export interface ContentsRow {
  readonly event: number
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}

/** A task in a list, with its contents. */
export interface FullRow extends InfoRow, ContentsRow {
  readonly data: string | null
}

/** Values for the task columns of a row that shows an event without a task. */
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

/** Number of tasks of a lane in one state. */
export interface StatsRow {
  readonly lane: number
  readonly state: number
  readonly count: number
  /** How long the oldest due task has been due, in milliseconds; null if no task is due. */
  readonly oldest: number | null
}

/** Number of failed tasks with one cause in one lane, and totals of the cause over all lanes. */
export interface CauseRow extends CauseGroup, CauseTotals {
  readonly lane: number
  /** JSON of the error of one of the tasks, in the first row of each cause. Null in other rows. */
  readonly error: string | null
  /** See `Cause.ofNewest`. */
  readonly ofNewest?: number
}

/** A past run of a task. */
export interface AttemptRow extends Required<Attempted> {
  /** Host name and process id of the process that ran the attempt. */
  readonly process: string
}
