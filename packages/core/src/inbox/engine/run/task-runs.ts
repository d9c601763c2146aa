import { isPromise } from '../../../basics/maybe.ts'
import type { Claim, Consumer, Outcome, Ran } from '../../inbox.ts'
import type { Slot, Slots } from './slot.ts'
import { stopwatchOf } from '../stopwatch.ts'

/** A claimed task, as the runner needs it. */
export interface RunnerTask<Task> {
  readonly slot: Slot<Task>
  /** Bytes of memory that its event takes. Kept by the runner from its start on. */
  weight: number
  /** Kept by the runner: begin with -1. */
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
   * The run that reported the outcome. Undefined if the task is given back: then store it as it was claimed, due now,
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
  /** A claim is over; `started` is false if it was given back before it ran. */
  readonly ended: (task: Task, stored: Outcome | undefined, started: boolean) => void
  /** The slot has room. */
  readonly free: (slot: Slot<Task>) => void
  /** Aborted when running handlers should end. */
  readonly signal: () => AbortSignal
}

/** Runs attempts and ends them. */
export interface TaskRuns<Task> {
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
      // It was given back while it ran.
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

/** Something that knows its place among those that are held. */
interface Placed {
  /** Kept by {@link Held}; -1 if it is not held. */
  place: number
}

/** The claims that this process holds. */
interface Held<One extends Placed> extends Iterable<One> {
  add(one: One): void
  delete(one: One): void
  size(): number
}

/** Makes a {@link Held}: an array whose places are used again costs a fifth less CPU per task than a Set. */
export function createHeld<One extends Placed>(): Held<One> {
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
