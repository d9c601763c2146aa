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
  /** True if no error or interruption of an earlier run must be cleared. */
  readonly fresh: boolean
  readonly part: string | undefined
  readonly data: Json | undefined
  readonly event: EventRecord
  readonly delivery: StoredDelivery
  /** Frees the place of a suspect. */
  readonly free: (() => void) | undefined
  /** When its claim or last renewal was sent, by `performance.now()`. */
  leased: number
  /** Why the claim is lost: its lease ended, or another process has the task. */
  lost: string | undefined
  /** Aborts the handler when the claim is lost. */
  stop: ((reason: Error) => void) | undefined
  within: boolean
}

type Claimed = Omit<
  Task,
  'place' | 'over' | 'returned' | 'committed' | 'started' | 'startedAt' | 'lost' | 'stop' | 'within'
>

/**
 * Makes a claimed task, member by member: a spread would need three times the memory in V8. Members that become large
 * or fractional numbers start as NaN, since V8 would copy the task when their representation changes.
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

/** Returns bytes of memory of a decoded event, whose payload is in the body or in the record. */
export function weightOf(body: Uint8Array, record: { readonly length: number }): number {
  return weigh(body) + weighText(record.length)
}

/** A claimed task, as the runner needs it. */
export interface RunnerTask<Task> {
  readonly slot: Slot<Task>
  /** Bytes of memory of its event. Kept by the runner once it has started. */
  weight: number
  /** Kept by the runner. Start with -1. */
  place: number
  /** Kept by the runner: true once the claim has an outcome or is released. Start with false. */
  over: boolean
  /** Kept by the runner: true once the handler has returned. Start with false. */
  returned: boolean
  /** The outcome that `task.commit` stored, set by the inbox. Start with undefined. */
  committed: Outcome | undefined
  /** Kept by the runner: start of the run, on the stopwatch and on the consumer's clock. Start with 0. */
  started: number
  startedAt: number
}

/** A claim that is over. */
export interface EndedClaim<Task> {
  readonly task: Task
  readonly outcome: Outcome
  /** The run with the outcome. Undefined if the task is released: then store it as before its claim, due now. */
  readonly ran: Ran | undefined
  /** Call it once with the stored outcome, or with undefined if the outcome was rejected since the claim was lost. */
  readonly done: (stored: Outcome | undefined) => void
}

interface TaskRunsParts<Task> {
  readonly consumer: Consumer
  readonly slots: Slots<Task>
  readonly held: Held<Task & RunnerTask<Task>>
  readonly claimOf: (task: Task) => Claim
  readonly settle: (ended: EndedClaim<Task>) => void
  /** Called when a claim is over. `started` is false if the task was released before it ran. */
  readonly ended: (task: Task, stored: Outcome | undefined, started: boolean) => void
  readonly free: (slot: Slot<Task>) => void
  /** Aborted when running handlers should end. */
  readonly signal: () => AbortSignal
}

interface TaskRuns<Task> {
  /** Lets the next task read the wall clock again. */
  readonly tick: () => void
  readonly run: (task: Task) => void
  /** Releases a task that has no outcome yet. */
  readonly giveBack: (task: Task, started: boolean) => void
}

// Weight of the last attempt in a slot's pace.
const WEIGHT = 0.2

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
    // Once per turn, since reading a clock costs 0.1 µs.
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
      // The task was released while it ran.
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

interface Held<One extends { place: number }> extends Iterable<One> {
  add(one: One): void
  delete(one: One): void
  size(): number
}

/** Makes a {@link Held}. An array that reuses places needs a fifth less CPU per task than a Set. */
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
 * Returns the clock that measures a receiver's runs, in milliseconds: its `monotonic`, otherwise `performance.now()`.
 */
export function stopwatchOf({ monotonic }: Pick<Consumer, 'monotonic'>): () => number {
  return monotonic ?? (() => performance.now())
}
