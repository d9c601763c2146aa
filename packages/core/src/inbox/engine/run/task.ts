import { weigh, weighText } from '../../../basics/room.ts'
import type { Json } from '../../../delivery.ts'
import type { EventRecord, StoredDelivery } from '../../../event.ts'
import { decodeDelivery, decodeEvent } from '../../codec.ts'
import type { Claim, Consumer, Outcome, Ran, RunDueResult } from '../../inbox.ts'
import type { Ahead, Slot, Slots } from './slot.ts'
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
  /** False if the row has an error or interruption of an earlier run, which the outcome must clear. */
  readonly fresh: boolean
  readonly part: string | undefined
  readonly data: Json | undefined
  readonly event: EventRecord
  readonly delivery: StoredDelivery
  /** Frees the place for suspects (tasks interrupted three times in a row), if this task has the place. */
  readonly free: (() => void) | undefined
  /** When the claim or the last renewal of its lease was sent, as a time of `performance.now()`. */
  leased: number
  /**
   * Why the claim is lost: its lease has ended, or another process has the task. Undefined while the claim is valid.
   */
  lost: string | undefined
  /** Aborts the handler when the claim is lost. */
  stop: ((reason: Error) => void) | undefined
  /** True once the handler has called `task.commit({ in })`, so that a transaction of the app settles the task. */
  within: boolean
}

type Claimed = Omit<
  Task,
  'place' | 'over' | 'returned' | 'committed' | 'started' | 'startedAt' | 'lost' | 'stop' | 'within'
>

/**
 * Makes a claimed task. Members are copied one by one, since a spread needs three times the memory in V8. Members that
 * later hold large or fractional numbers start as NaN. Otherwise V8 would copy the task at that time.
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
    // Numbers beyond 2^31 become text three times faster as a BigInt.
    id: String(BigInt(id)),
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

/** Makes a task from its row. Throws if the row is damaged. */
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

/** Returns the memory that a decoded event needs, in bytes. The event's payload is in the body or in the record. */
export function weightOf(body: Uint8Array, record: { readonly length: number }): number {
  return weigh(body) + weighText(record.length)
}

/** The members of a claimed task that the runner uses. */
export interface RunnerTask<Task> {
  readonly slot: Slot<Task>
  /** Memory of the task's event, in bytes. The runner sets `weight` to 0 once the claim is over. */
  weight: number
  /** The task's index in the runner's list. Set by the runner; initially -1. */
  place: number
  /** True once the claim has an outcome or is released. Set by the runner; initially false. */
  over: boolean
  /** True once the handler has returned. Set by the runner; initially false. */
  returned: boolean
  /** The outcome that `task.commit` stored. Set by the inbox; initially undefined. */
  committed: Outcome | undefined
  /**
   * Start of the run, in milliseconds: `started` on the stopwatch, `startedAt` on the consumer's clock. Set by the
   * runner.
   */
  started: number
  startedAt: number
}

/** A claim that is over, with its outcome. */
export interface EndedClaim<Task> {
  readonly task: Task
  readonly outcome: Outcome
  /**
   * The run that led to the outcome. Undefined for a released task. A released task must be stored as it was before its
   * claim, and is due now.
   */
  readonly ran: Ran | undefined
  /**
   * Call `done` once, with the stored outcome. If the outcome was rejected because the claim was lost, pass undefined.
   */
  readonly done: (stored: Outcome | undefined) => void
}

export interface RunnerOptions<Task> {
  readonly consumer: Consumer
  readonly ahead: Ahead
  /**
   * True if new tasks start right after the replies to their deliveries, as long as handlers are quick.
   * @default false
   */
  readonly early?: boolean
  readonly claimOf: (task: Task) => Claim
  /**
   * Returns false if the lease of a waiting task may have ended. Then the task is released instead of run.
   * @default leases do not end
   */
  readonly holds?: (task: Task) => boolean
  /** Stores an outcome and calls `ended.done`. Retries until the outcome is stored or the inbox closes. */
  readonly settle: (ended: EndedClaim<Task>) => void
  /**
   * Claims tasks for the slots of `hungry()`, passes them to `start`, and calls `over`, or `over(true)` if the claim
   * fails. After a failure, the next `look` tries again.
   */
  readonly fetch: (over: (failed?: boolean) => void) => void
  /** Called when a claim is over: by an outcome, `task.commit` or a release. The claim's lease is no longer renewed. */
  readonly ended: (task: Task, stored: Outcome | undefined) => void
  /** Frees tasks whose lease has ended. */
  readonly reclaim: () => Promise<void>
  /** Counts due tasks, and returns when the next task is due or the next lease ends. */
  readonly rest: () => Promise<Pick<RunDueResult, 'left' | 'next'>>
  readonly margin: number
}

interface TaskRunsParts<Task> extends Pick<
  RunnerOptions<Task>,
  'consumer' | 'claimOf' | 'holds' | 'settle'
> {
  readonly slots: Slots<Task>
  readonly held: Held<Task & RunnerTask<Task>>
  /** Called when a claim is over. `started` is false if the task was released before it ran. */
  readonly ended: (task: Task, stored: Outcome | undefined, started: boolean) => void
  readonly free: (slot: Slot<Task>) => void
  /** Returns the signal for handlers, which is aborted when running handlers should end. */
  readonly signal: () => AbortSignal
}

interface TaskRuns<Task> {
  /** Called before a group of tasks starts. The first task then reads the wall clock, for the whole group. */
  readonly tick: () => void
  readonly run: (task: Task) => void
  /** Releases a task that has no outcome yet. */
  readonly giveBack: (task: Task, started: boolean) => void
}

// Weight of the last attempt in the mean duration of a slot's attempts.
const WEIGHT = 0.2

export function createTaskRuns<Task extends RunnerTask<Task>>(
  parts: TaskRunsParts<Task>,
): TaskRuns<Task> {
  const { consumer, slots, held, claimOf, holds, settle, free } = parts
  const stopwatch = stopwatchOf(consumer)
  let wall = 0
  let read: number | undefined
  // When the last attempt ended. The next task of the same group (see `tick`) starts at this time.
  let ended: number | undefined

  return { tick: () => void (read = ended = undefined), run, giveBack }

  function run(task: Task): void {
    // If the event loop was blocked or the process was paused, another process may have run the task meanwhile.
    if (holds?.(task) === false) {
      giveBack(task, false)
      return free(task.slot)
    }
    const claim = claimOf(task)
    const started = ended ?? stopwatch()
    ended = undefined
    // The wall clock is read once per group of tasks that start together, since reading it takes 0.1 µs.
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
    else ended = end(task, claim, outcome)
  }

  function end(task: Task, claim: Claim, outcome: Outcome): number {
    const { slot, started, startedAt } = task
    const endedAt = stopwatch()
    const duration = endedAt - started
    slot.pace = slot.pace === Infinity ? duration : slot.pace + (duration - slot.pace) * WEIGHT
    slot.running--
    task.returned = true
    const ran: Ran = { startedAt, duration }
    if (task.over) {
      // The task was released while it ran.
      consumer.settled(claim, outcome, false, ran)
      free(slot)
      return endedAt
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
    return endedAt
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

/** Makes a set of tasks. An array whose free indexes are reused needs a fifth less CPU time per task than a Set. */
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
 * Returns the clock that measures the runs of a receiver, in milliseconds: the consumer's `monotonic`, or
 * `performance.now()` if it has none.
 */
export function stopwatchOf({ monotonic }: Pick<Consumer, 'monotonic'>): () => number {
  return monotonic ?? (() => performance.now())
}
