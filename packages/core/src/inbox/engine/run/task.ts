import { weigh, weighText } from '../../../basics/room.ts'
import type { Json } from '../../../delivery.ts'
import type { EventRecord, StoredDelivery } from '../../../event.ts'
import { decodeDelivery, decodeEvent } from '../../codec.ts'
import type { Claim, Consumer, Outcome, Ran } from '../../inbox.ts'
import type { Slot, Slots } from './slot.ts'
import type { ClaimRow, TaskRow } from '../row.ts'
import { isPromise } from '../../../basics/maybe.ts'
import { foldedOf } from './fold.ts'

/** A claimed task of this process. */
export interface Task
  extends RunnerTask<Task>, Pick<TaskRow, 'token' | 'round' | 'attempt' | 'cut' | 'fair'> {
  readonly slot: Slot<Task>
  id: number
  readonly lane: number
  readonly subscription: string
  readonly line: number | null
  readonly fold: string | null
  /** Nothing of earlier runs is to be cleared: no error, no interruption. */
  readonly fresh: boolean
  readonly part: string | undefined
  readonly data: Json | undefined
  readonly event: EventRecord
  readonly delivery: StoredDelivery
  /** Frees the place of a suspect. */
  readonly free: (() => void) | undefined
  /** When it was claimed or renewed: its sending, on the clock of `performance.now()`. */
  leased: number
  /** Set once its lease is over, or another has claimed or settled it. */
  lost: string | undefined
  /** Tells the handler that it is lost. */
  stop: ((reason: Error) => void) | undefined
  /** Set by a commit in a transaction of the application. */
  within: boolean
}

/** What is known of a task when it is claimed. */
type Claimed = Omit<
  Task,
  'place' | 'over' | 'returned' | 'committed' | 'started' | 'startedAt' | 'lost' | 'stop' | 'within'
>

/**
 * A claimed task. Each member by its name: V8 would copy a spread one by one, into three times the memory. What becomes a
 * number with a fraction, or a large one, starts as NaN: V8 would copy the whole task when the form of a member changes.
 */
export function claimedTask(of: Claimed): Task {
  return {
    slot: of.slot,
    id: of.id,
    lane: of.lane,
    subscription: of.subscription,
    token: of.token,
    round: of.round,
    attempt: of.attempt,
    cut: of.cut,
    line: of.line,
    fold: of.fold,
    fair: of.fair,
    fresh: of.fresh,
    part: of.part,
    data: of.data,
    event: of.event,
    delivery: of.delivery,
    weight: of.weight,
    free: of.free,
    leased: of.leased,
    place: -1,
    over: false,
    returned: false,
    committed: undefined,
    started: Number.NaN,
    startedAt: Number.NaN,
    lost: undefined,
    stop: undefined,
    within: false,
  }
}

/** The claim of a task, for its consumer. */
export function claimOf(
  task: Task,
  commits?: Pick<Claim, 'commit' | 'commitIn' | 'conflict'>,
): Claim {
  const { id, subscription, part, data, event, delivery, attempt } = task
  return {
    id: String(id),
    subscription,
    part,
    data,
    event,
    delivery,
    attempt,
    folded: foldedOf(task.fold),
    onLost(stop) {
      task.stop = stop
      if (task.lost !== undefined) stop(new Error(task.lost))
    },
    commit: commits?.commit,
    commitIn: commits?.commitIn,
    conflict: commits?.conflict,
  }
}

/** Makes a task from its row. Throws if the row cannot be read. */
export function taskOf(
  row: ClaimRow,
  claimed: {
    readonly slot: Slot<Task>
    readonly subscription: string
    readonly token: number
    readonly free: (() => void) | undefined
    readonly leased: number
  },
): Task {
  if (row.record === null) throw new TypeError('its event is not in the store')
  const delivery = row.whole?.delivery ?? decodeDelivery(row.head, row.body)
  return claimedTask({
    ...claimed,
    id: row.id,
    lane: row.lane,
    round: row.round,
    attempt: row.attempt,
    cut: row.cut,
    line: row.line,
    fold: row.fold,
    fair: row.fair,
    fresh: row.cut === 0 && !row.failed,
    part: row.part === '' ? undefined : row.part,
    data: row.data === null ? undefined : (JSON.parse(row.data) as Json),
    event: row.whole?.event ?? decodeEvent(row.record, delivery),
    delivery,
    weight: weightOf(row.body, row.record),
  })
}

/** Bytes of memory that a decoded event takes: its payload is in the body or in the record. */
export function weightOf(body: Uint8Array, record: { readonly length: number }): number {
  return weigh(body) + weighText(record.length)
}

/** A claimed task, as the runner needs it. */
export interface RunnerTask<Task> {
  readonly slot: Slot<Task>
  /** Bytes of memory that its event takes. Kept by the runner from its start on. */
  weight: number
  /** Kept by the runner: start with -1. */
  place: number
  /** Kept by the runner: true once its claim is over, by an outcome or by giving it back. Begin with false. */
  over: boolean
  /** Kept by the runner: true once its handler has returned. Begin with false. */
  returned: boolean
  /** What `task.commit` stored as the outcome: to be set by the inbox. Begin with undefined. */
  committed: Outcome | undefined
  /** Kept by the runner: when its run started, on the stopwatch and on the consumer's clock. Begin with 0. */
  started: number
  startedAt: number
}

/** A claim that is over. */
export interface EndedClaim<Task> {
  readonly task: Task
  readonly outcome: Outcome
  /**
   * The run that reported the outcome. Undefined if the task is released: then store it as it was claimed, due now,
   * without an attempt and with its interruptions as they were.
   */
  readonly ran: Ran | undefined
  /** To be called once with what was stored, or with undefined if it was rejected since the claim had been lost. */
  readonly done: (stored: Outcome | undefined) => void
}

/** The argument of {@link createTaskRuns}. */
interface TaskRunsParts<Task> {
  readonly consumer: Consumer
  readonly slots: Slots<Task>
  readonly held: Held<Task & RunnerTask<Task>>
  readonly claimOf: (task: Task) => Claim
  readonly settle: (ended: EndedClaim<Task>) => void
  /** A claim is over; `started` is false if it was released before it ran. */
  readonly ended: (task: Task, stored: Outcome | undefined, started: boolean) => void
  /** The slot has room. */
  readonly free: (slot: Slot<Task>) => void
  /** Aborted when running handlers should end. */
  readonly signal: () => AbortSignal
}

/** Runs attempts and ends them. */
interface TaskRuns<Task> {
  /** Reads the wall clock again for what starts next. */
  readonly tick: () => void
  readonly run: (task: Task) => void
  /** Gives a task back that has not reported. */
  readonly giveBack: (task: Task, started: boolean) => void
}

// Weight of the last attempt in a slot's pace.
const WEIGHT = 0.2

/** Makes them. */
export function createTaskRuns<Task extends RunnerTask<Task>>(
  parts: TaskRunsParts<Task>,
): TaskRuns<Task> {
  const { consumer, slots, held, claimOf, settle, free } = parts
  const stopwatch = stopwatchOf(consumer)
  let wall = 0
  let read: number | undefined

  return { tick: () => void (read = undefined), run, giveBack }

  function run(task: Task): void {
    const claim = claimOf(task)
    const started = stopwatch()
    // Once a turn: each reading of a clock costs 0.1 µs.
    if (read === undefined) {
      wall = consumer.now()
      read = started
    }
    const startedAt = wall + started - read
    task.started = started
    task.startedAt = startedAt
    task.slot.running++
    const outcome = consumer.run(claim, parts.signal())
    if (isPromise(outcome)) void outcome.then((reported) => end(task, claim, reported))
    else end(task, claim, outcome)
  }

  function end(task: Task, claim: Claim, outcome: Outcome): void {
    const { slot, started, startedAt } = task
    const duration = stopwatch() - started
    slot.pace = slot.pace === Infinity ? duration : slot.pace + (duration - slot.pace) * WEIGHT
    slot.running--
    task.returned = true
    const ran: Ran = { startedAt, duration }
    if (task.over) {
      // It was released while it ran.
      consumer.settled(claim, outcome, false, ran)
      return free(slot)
    }
    task.over = true
    slots.release(slot)
    free(slot)
    const done = (stored: Outcome | undefined): void => {
      held.delete(task)
      consumer.settled(claim, stored ?? outcome, stored !== undefined, ran)
      parts.ended(task, stored, true)
    }
    if (task.committed) done(task.committed)
    else settle({ task, outcome, ran, done })
  }

  function giveBack(task: Task, started: boolean): void {
    if (task.over) return
    task.over = true
    if (started) slots.release(task.slot)
    else slots.reserve(task.slot, -1)
    const done = (stored: Outcome | undefined): void => {
      held.delete(task)
      parts.ended(task, stored, started)
    }
    if (task.committed) done(task.committed)
    else settle({ task, outcome: { kind: 'postpone', at: consumer.now() }, ran: undefined, done })
  }
}

/** The claims that this process holds. */
interface Held<One extends { place: number }> extends Iterable<One> {
  add(one: One): void
  delete(one: One): void
  size(): number
}

/** Makes a {@link Held}: an array whose places are used again costs a fifth less CPU per task than a Set. */
export function createHeld<One extends { place: number }>(): Held<One> {
  const places: (One | undefined)[] = []
  const free: number[] = []
  return {
    add(one) {
      one.place = free.pop() ?? places.length
      places[one.place] = one
    },
    delete(one) {
      if (one.place < 0) return
      places[one.place] = undefined
      free.push(one.place)
      one.place = -1
    },
    size: () => places.length - free.length,
    *[Symbol.iterator]() {
      for (const one of places) if (one) yield one
    },
  }
}

/**
 * The clock that measures a receiver's runs, in milliseconds: the receiver's own `monotonic`, else that of the process.
 *
 * @example
 * const stopwatch = stopwatchOf(consumer)
 * const started = stopwatch()
 */
export function stopwatchOf({ monotonic }: Pick<Consumer, 'monotonic'>): () => number {
  return monotonic ?? (() => performance.now())
}
