import type { MaybePromise } from '../../../basics/maybe.ts'
import type { TopicMatch } from './filter.ts'
import type { CauseGroup, CauseTotals } from './top-causes.ts'
import type { TaskFilter } from '../../view.ts'
import { DONE, READY, type TaskRow } from '../row.ts'
import type { ActionRow } from '../journal/store.ts'

/** What operators read and change, as a store gives it. */
export interface Viewed {
  /** One bounded step of a list: it looks at about `width` candidates behind `after`. */
  scan(want: Scan): MaybePromise<Scanned>
  /** The place of a row in the list that `want` asks for. */
  placeOf(row: InfoRow, want: Pick<Scan, 'filter'>): Place
  /** A task with its contents. */
  detail(id: number): MaybePromise<FullRow | undefined>
  /** Tasks by lane and state. */
  stats(): MaybePromise<readonly StatsRow[]>
  /** Dead tasks, and pending ones that failed, by cause and lane: the rows and the order of `topCauses`. */
  causes(lanes: readonly number[] | undefined): MaybePromise<readonly CauseRow[]>
  /** A number that changes when any task did, in this process or another. Undefined if the database does not tell. */
  version(): MaybePromise<number | undefined>
  /**
   * Called before each step of a change by people, with a note that it has started: what a change that is cut off has done
   * is known by it. Absent: `atomic` is a transaction, and writes notes with what they are about.
   */
  begin?(notes: readonly ActionRow[]): MaybePromise<void>
  /** Attempts of a task that are kept, oldest first. The one that settled it is made of the task's own row. */
  attempts(task: number): MaybePromise<readonly AttemptRow[]>
  /**
   * In one transaction: of the events, erases those without an open task; with `passing` only marked ones without a dead
   * task. `empty` returns the contents that stay; undefined for an event that is to stay as it is. Its delivery goes
   * with its last event. Without `empty` it counts and changes nothing. It writes what `noted` returns for the count, as
   * `Rows.note`.
   */
  erase(
    events: readonly number[],
    passing: boolean,
    empty: ((contents: ContentsRow) => ContentsRow | undefined) | undefined,
    noted: (count: number) => readonly ActionRow[],
  ): MaybePromise<number>
  /**
   * One bounded step of pruning, in order of arrival: drops tasks done or dead before these times, then events without
   * tasks that came before `known`, with their guards. Found by index; rows that are locked are skipped. Undefined at the end.
   */
  prune(before: Before, place: Place | undefined): MaybePromise<Place | undefined>
}

/** Times on the store's clock. */
export interface Before {
  readonly done: number
  readonly dead: number
  readonly known: number
  /** For guards, which believe no wall clock. */
  readonly guards: number
}

/** Where a walk stands, as the store orders it: by `order`, then by id. `task` tells the event too. */
export type Place = readonly [order: number, task: number]

/** What a step of a list looks for. */
export interface Scan {
  /** The oldest come first, else the newest. Of tasks alone. */
  readonly oldest: boolean
  /** `events`: events whether they have tasks or not; then `id` of a row is 0 and it has no keys of tasks. */
  readonly of: 'tasks' | 'events'
  /** Without `text`, which the engine looks for. */
  readonly filter: Omit<TaskFilter, 'text' | 'receiver' | 'subscription' | 'topic'>
  readonly receiver: string | undefined
  /** Lanes of `receiver` and `subscription`, if one of them is given. */
  readonly lanes: readonly number[] | undefined
  readonly topic: TopicMatch | undefined
  readonly after: Place | undefined
  readonly width: number
  /** Rows at most. */
  readonly limit: number
  /** With record, head and body. */
  readonly full: boolean
  /** Only events that a receiver's `storage.content` has marked and that are not erased. */
  readonly passing: boolean
}

/** A step of a list. */
export interface Scanned {
  readonly rows: readonly (InfoRow | FullRow)[]
  /** Where the next step starts; undefined at the end. */
  readonly to: Place | undefined
  /** How far it looked, in milliseconds since 1970. */
  readonly searchedTo: number | undefined
}

/** A task in a list, with its event. */
export interface InfoRow extends TaskRow {
  readonly event: number
  /** Runs in all. */
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

/** The same with its contents. */
export interface FullRow extends InfoRow {
  readonly data: string | null
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}

/** The members of a row that stands for an event without a task. */
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

/** How many tasks of a lane have a state. */
export interface StatsRow {
  readonly lane: number
  readonly state: number
  readonly count: number
  /** Milliseconds for which the oldest pending one has been due; null if none is. */
  readonly oldest: number | null
}

/** Failed tasks with one cause and lane, and what is true of the whole cause. */
export interface CauseRow extends CauseGroup, CauseTotals {
  readonly lane: number
  /** JSON of the error of one of them; null but in the first row of its cause. */
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
  /** Name of the process. */
  readonly process: string
}
