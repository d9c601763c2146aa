import {
  type MaybePromise,
  grouped,
  chain,
  type Steps,
  steps,
  wait,
} from '../../../basics/maybe.ts'
import { errorText, isA } from '../../../errors.ts'
import type { Outcome, Ran, TaskDraft } from '../../inbox.ts'
import type { BatchWrite } from '../write/batch.ts'
import type { EngineSide } from '../parts.ts'
import type { Rows, Store } from '../store.ts'
import type { Task } from './task.ts'
import { newTask, onceEach } from '../accept/encode.ts'
import { patchOf, type Fence, type Patch } from '../patch.ts'
import { DONE, eventOf, READY, type NewTask, type TaskRow, type Turn } from '../row.ts'
import { givenBack, reported } from '../rules.ts'
import { release } from './order.ts'

/** Stores outcomes with their child tasks, in batches, and releases lines (the tasks of one ordering key). */
export interface Settle {
  /** Stores an outcome, and calls `done` with it, or with undefined if the outcome was rejected. */
  add(ended: EndedRun, done: (stored: Outcome | undefined) => void): void
  /**
   * Stores an outcome in an open transaction, and calls `write` in it. Returns false, without writing, if the outcome
   * no longer counts.
   */
  within(rows: Rows, ended: EndedRun, write: () => MaybePromise<void>): Steps<boolean>
  /** Notes which tasks a stored outcome makes ready. */
  follow(task: Task, outcome: Outcome): void
  flushed(): Promise<void>
}

// A warning is logged if a transaction of the app is still open after this number of checks.
const PATIENT = 4

interface Write extends BatchWrite, EndedRun {
  readonly done: (stored: Outcome | undefined) => void
}

export function createSettle(side: EngineSide): Settle {
  const { store, consumer, settings } = side
  const outcomes = createOutcomes(side)
  let warned = false
  // Ended tasks whose outcomes stay in memory because the store fails. The values are the sizes of their events, in
  // bytes.
  const kept = new Map<Task, number>()
  let keptBytes = 0
  const batch = side.writer.batch<Write>({
    rows: 500,
    bytes: Infinity,
    waits: [10, 250],
    put,
    fault(error, { task }) {
      const fault = store.fault(error)
      // The store was restored, so claims of this process are dropped: the rows now belong to other tasks.
      if (fault === 'back') return 'all'
      if (fault !== 'again') consumer.failed?.(error)
      if (isRejected(error)) return 'one'
      keep(task)
      if (keptBytes > settings.maxWaitingBytes) {
        consumer.warn(
          `task ${task.id} has ended but will run again: its outcome could not be stored, and maxWaitingBytes (${settings.maxWaitingBytes}) is used up; check the store: ${errorText(error)}`,
        )
        return 'all'
      }
      if (!warned)
        consumer.warn(
          `outcomes could not be stored yet; they stay in memory until the store accepts them: ${errorText(error)}`,
        )
      warned = true
      return fault === 'again' ? 'again' : 'keep'
    },
  })
  return {
    add(ended, done) {
      if (ended.task.within && store.busy) void whenFree(ended.task, () => add(ended, done))
      else add(ended, done)
    },
    within: (rows, ended, write) => outcomes.within(rows, ended, write),
    follow,
    flushed: () => batch.flushed(),
  }

  /**
   * Calls `then` once the app's transaction that settles the task has ended. Other outcomes do not wait for that
   * transaction.
   */
  async function whenFree({ id }: Task, then: () => void): Promise<void> {
    for (let tries = 0; await isBusy(id); tries++) {
      if (tries === PATIENT)
        consumer.warn(
          `task ${id}: its handler returned before the transaction of task.commit({ in }) ended: await that transaction`,
        )
      await new Promise((resolve) => setTimeout(resolve, Math.min(10 * 2 ** tries, 1000)))
    }
    then()
  }

  async function isBusy(id: number): Promise<boolean> {
    try {
      return await store.busy!(id)
    } catch {
      // If the store fails, storing the outcome reports the error.
      return false
    }
  }

  function add(ended: EndedRun, done: Write['done'], burial = false): void {
    const { task, outcome, ran } = ended
    batch.add({
      task,
      outcome,
      ran,
      done,
      bytes: 0,
      failed(error) {
        // An outcome that the store rejects must not delay other outcomes, so the task becomes dead, with the reason.
        const reason = error.cause ?? error
        if (burial || !isRejected(reason)) {
          release(task)
          return done(undefined)
        }
        const message = `its outcome ${outcome.kind} could not be stored: ${errorText(reason)}`
        consumer.warn(`task ${task.id} is dead: ${message}`)
        add(
          { task, ran, outcome: { kind: 'dead', error: { name: 'OutcomeRejected', message } } },
          done,
          true,
        )
      },
    })
  }

  function keep(task: Task): void {
    if (kept.has(task)) return
    kept.set(task, task.weight)
    keptBytes += task.weight
  }

  function release(task: Task): void {
    keptBytes -= kept.get(task) ?? 0
    kept.delete(task)
  }

  function isRejected(error: unknown): boolean {
    return isA(error, TypeError) || ['data', 'lasting'].includes(store.fault(error))
  }

  function put(writes: readonly Write[]): MaybePromise<() => MaybePromise<void>> {
    return chain(outcomes.storeAll(writes), (stored) => () => {
      warned = false
      for (let at = 0; at < writes.length; at++) tell(writes[at]!, stored[at])
    })
  }

  function tell({ task, done, ran }: Write, stored: Outcome | undefined): void {
    if (kept.size > 0) release(task)
    done(stored)
    if (!stored) return
    if (stored.kind === 'retry' || stored.kind === 'postpone')
      return side.dueAt(ran ? stored.at : consumer.now())
    follow(task, stored)
  }

  function follow({ subscription, line }: Task, outcome: Outcome): void {
    const children = childrenOf(outcome)
    side.capacity.free(1 - children.length)
    if (line !== null) side.runner().ready(subscription)
    for (const child of children) side.runner().ready(child.subscription)
  }
}

/** A claim that is over, with its outcome. `ran` is undefined if the task was released. */
export interface EndedRun {
  readonly task: Task
  readonly outcome: Outcome
  readonly ran: Ran | undefined
}

function createOutcomes({ store, consumer, lanes, capacity, settings }: EngineSide) {
  const { deadline } = settings
  return { storeAll, within }

  /** Stores outcomes, and returns them. For each rejected outcome, returns undefined. */
  function storeAll(ended: readonly EndedRun[]): MaybePromise<readonly (Outcome | undefined)[]> {
    if (ended.every(isPlain)) return hot(ended)
    return store.atomic(deadline, (rows) => steps(() => mixed(rows, ended)))
  }

  /** Stores `done` outcomes with one statement. Outcomes of tasks that have lost their claim are stored separately. */
  function hot(runs: readonly EndedRun[]): MaybePromise<readonly (Outcome | undefined)[]> {
    const ended = runs.map(({ task: { id, token, lane, fair }, ran }) => ({
      id,
      token,
      lane,
      fair,
      took: Math.round(ran!.duration * 1000),
    }))
    return chain(store.finish(ended), (ids) => {
      if (ids.size === runs.length) return runs.map(({ outcome }) => outcome)
      const rest = runs.filter(({ task }) => !ids.has(task.id))
      return chain(
        store.atomic(deadline, (rows) => steps(() => mixed(rows, rest))),
        (late) => {
          const outcomes = new Map(rest.map((run, at) => [run, late[at]]))
          return runs.map((run) => (outcomes.has(run) ? outcomes.get(run) : run.outcome))
        },
      )
    })
  }

  function* mixed(rows: Rows, runs: readonly EndedRun[]): Steps<readonly (Outcome | undefined)[]> {
    const counted = yield* patch(rows, runs)
    yield* follows(
      rows,
      runs.filter(({ task, ran }) => (ran || task.fold !== null) && counted.has(task.id)),
    )
    const rejected = runs.filter(({ task, ran }) => ran && !counted.has(task.id))
    const before = yield* reject(rows, rejected)
    return runs.map(({ task, outcome }) => {
      if (counted.has(task.id)) return outcome
      return before.has(task.id) ? { kind: 'done' } : undefined
    })
  }

  function* patch(rows: Rows, runs: readonly EndedRun[]): Steps<ReadonlySet<number>> {
    const now = consumer.now()
    const counted = new Set<number>()
    const byFence = new Map<Fence, Patch[]>()
    for (const { task, outcome, ran } of runs) {
      const { fence, change } = ran ? reported(task, outcome, ran, now) : givenBack(task)
      const made = patchOf(task, change)
      const event = { receiver: consumer.receiver, key: task.event.key }
      const patches = byFence.get(fence) ?? []
      patches.push(fence === 'first' ? { ...made, event } : made)
      byFence.set(fence, patches)
    }
    for (const [fence, patches] of byFence)
      for (const id of yield* wait(rows.patch(patches, fence))) counted.add(id)
    return counted
  }

  /**
   * Handles runs whose outcome was rejected. Returns the ids of tasks that the same claim has already settled as done.
   * The reason is a lost reply to a COMMIT, or that the app's transaction settled the task. If another run has settled
   * a task, releases its line.
   */
  function* reject(rows: Rows, rejected: readonly EndedRun[]): Steps<ReadonlySet<number>> {
    if (rejected.length === 0) return new Set()
    const own = new Map(rejected.map(({ task }) => [task.id, task]))
    const now = yield* wait(rows.lost([...own.values()].map(({ id, token }) => ({ id, token }))))
    // Also releases lines after a transaction of the app, which may have seen only old states of the lines.
    yield* release(
      rows,
      now.flatMap(({ id, held, line }) =>
        line !== null && (held || own.get(id)!.within) ? line : [],
      ),
    )
    return new Set(
      now.flatMap(({ id, state, token, held }) =>
        state === DONE && !held && token === own.get(id)!.token ? id : [],
      ),
    )
  }

  function* within(rows: Rows, ended: EndedRun, write: () => MaybePromise<void>): Steps<boolean> {
    const counted = yield* patch(rows, [ended])
    if (counted.size === 0) return false
    yield* wait(write())
    yield* follows(rows, [ended])
    return true
  }

  /** Stores child tasks, and releases the lines of tasks that have ended. */
  function* follows(rows: Rows, ended: readonly EndedRun[]): Steps<void> {
    const lines: number[] = []
    for (const { task, outcome } of ended) {
      // A task with a fold (`debounce`) frees its line even if the task waits again, since later events are folded into
      // it.
      const frees = outcome.kind === 'done' || outcome.kind === 'dead' || task.fold !== null
      if (frees && task.line !== null) lines.push(task.line)
      const children = childrenOf(outcome)
      if (children.length === 0) continue
      yield* wait(lanes.ensure(children.map(({ subscription }) => subscription)))
      const made = children.map(toTask)
      const ready = made.filter(({ gate }) => gate === READY)
      for (const turn of yield* assign(rows, ready, (child, at) => void (child.turn = at)))
        capacity.told(turn)
      yield* wait(rows.spawn(eventOf(task.id), made))
      lines.push(...made.flatMap(({ line }) => line ?? []))
    }
    yield* release(rows, lines)
  }

  function toTask(draft: TaskDraft): NewTask {
    return newTask(draft, { receiver: consumer.receiver, lane: lanes.find(draft.subscription)! })
  }
}

function childrenOf(outcome: Outcome): readonly TaskDraft[] {
  return (outcome.kind === 'done' && outcome.spawn && onceEach(outcome.spawn)) || []
}

function isPlain({ task, outcome, ran }: EndedRun): boolean {
  return (
    ran !== undefined &&
    task.fresh &&
    task.line === null &&
    !task.within &&
    outcome.kind === 'done' &&
    outcome.spawn === undefined
  )
}

// Maximum number of tasks that `promote` handles in one transaction.
const MOST = 500

/**
 * Gives turns (numbers by which tenants are served in rotation) to due tasks that wait for a turn. The tasks are then
 * ready. Returns true if more such tasks may exist.
 */
export function* promote(store: Store, lanes: readonly number[], time: number): Steps<boolean> {
  if (lanes.length === 0) return false
  const some = yield* wait(store.later(lanes, 1))
  if (some.length === 0) return false
  return yield* wait(
    store.atomic(time, (rows) =>
      steps(function* (): Steps<boolean> {
        const found = yield* wait(rows.later(lanes, MOST))
        const turns = new Map<number, number>()
        yield* assign(
          rows,
          found.filter(({ cut }) => cut === 0),
          (task, turn) => void turns.set(task.id, turn),
        )
        // An interrupted task gets no new turn. With `turn: 0` it keeps its old turn, which was not used.
        yield* wait(rows.enter(found.map(({ id }) => ({ id, turn: turns.get(id) ?? 0 }))))
        return found.length === MOST
      }),
    ),
  )
}

/**
 * Takes a turn for each task with a tenant, in order, and calls `give` with it. Returns the last turn of each tenant.
 */
export function* assign<Task extends Pick<TaskRow | NewTask, 'lane' | 'fair'>>(
  rows: Rows,
  tasks: readonly Task[],
  give: (task: Task, turn: number) => void,
): Steps<readonly Turn[]> {
  const fair = tasks.filter((task) => task.fair !== null)
  if (fair.length === 0) return []
  const groups = grouped(fair, ({ lane, fair: key }) => `${lane}\n${key}`)
  const turns = yield* wait(
    rows.turns(
      [...groups.values()].map((group) => ({
        lane: group[0]!.lane,
        fair: group[0]!.fair!,
        step: group.length,
      })),
    ),
  )
  for (const { lane, fair: key, turn } of turns) {
    const group = groups.get(`${lane}\n${key}`)!
    group.forEach((task, at) => give(task, Math.max(1, turn - group.length + 1 + at)))
  }
  return turns
}
