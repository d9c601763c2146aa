import { release } from './order.ts'
import { errorText } from '../../../errors.ts'
import { isPromise, type MaybePromise } from '../../../basics/maybe.ts'
import type { Consumer, Outcome, Ran, TaskDraft } from '../../inbox.ts'
import type { BatchWork } from '../../batch/backlog.ts'
import { newTask, onceEach } from '../accept/encode.ts'
import type { Line } from '../line.ts'
import { patchOf, type Fence, type Patch } from '../patch.ts'
import { DONE, eventOf, type NewTask, type Turn } from '../row.ts'
import { givenBack, settled } from '../rules.ts'
import { steps, wait, type Steps } from '../steps.ts'
import type { Rows, Store } from '../store.ts'
import type { Lanes } from './lanes.ts'
import { assign } from './promote.ts'
import type { Task } from './task.ts'

/** A claim that is over. */
export interface EndedRun {
  readonly task: Task
  readonly outcome: Outcome
  /** Undefined if the task is given back. */
  readonly ran: Ran | undefined
}

/** Stores outcomes in batches, and what follows from them. */
export interface Settle {
  /** `done` hears what was stored; undefined if it was refused. */
  add(ended: EndedRun, done: (stored: Outcome | undefined) => void): void
  /** In a transaction: false, and nothing is written, if the outcome does not count. */
  within(rows: Rows, ended: EndedRun, write: () => MaybePromise<void>): Steps<boolean>
  /** Says what a stored end makes ready. */
  follow(task: Task, outcome: Outcome): void
  flushed(): Promise<void>
}

/** The receiver's side as settling sees it. */
export interface SettleHost {
  readonly store: Store
  readonly line: Line
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly deadline: number
  /** Tasks that are not open any more. */
  readonly over: (tasks: number) => void
  readonly told: (turn: Turn) => void
  readonly dueAt: (at: number) => void
  readonly ready: (subscription: string) => void
}

// Looks at an open transaction before its handler is told: it may be committing.
const PATIENT = 4

interface Work extends BatchWork, EndedRun {
  readonly done: (stored: Outcome | undefined) => void
}

/** Makes a {@link Settle}. */
export function createSettle(host: SettleHost): Settle {
  const { store, consumer, lanes, deadline } = host
  let warned = false
  const batch = host.line.batch<Work>({
    rows: 500,
    bytes: Infinity,
    waits: [10, 250],
    put,
    fault(error) {
      if (isRefused(error)) return 'one'
      if (!warned) consumer.warn(`outcomes could not be stored yet: ${errorText(error)}`)
      warned = true
      return 'again'
    },
  })
  return {
    add(ended, done) {
      if (ended.task.within && store.busy) void whenFree(ended.task, () => add(ended, done))
      else add(ended, done)
    },
    within,
    follow,
    flushed: () => batch.flushed(),
  }

  /** The end of a task that is settled in a transaction of the app waits for that: no other end may wait with it. */
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
      // Storing the end reports it.
      return false
    }
  }

  function add(ended: EndedRun, done: Work['done'], burial = false): void {
    batch.add({
      ...ended,
      done,
      bytes: 0,
      failed(error) {
        // One that no store can take is buried with its reason, and holds up no other.
        const reason = error.cause ?? error
        if (burial || !isRefused(reason)) return done(undefined)
        const message = `its outcome ${ended.outcome.kind} could not be stored: ${errorText(reason)}`
        consumer.warn(`task ${ended.task.id} is dead: ${message}`)
        add(
          { ...ended, outcome: { kind: 'dead', error: { name: 'OutcomeRefused', message } } },
          done,
          true,
        )
      },
    })
  }

  function isRefused(error: unknown): boolean {
    return error instanceof TypeError || ['data', 'lasting'].includes(store.fault(error))
  }

  function put(works: readonly Work[]): MaybePromise<() => MaybePromise<void>> {
    const plain = works.every(isPlain)
    const stored = plain
      ? hot(works)
      : store.atomic(deadline, (rows) => steps(() => mixed(rows, works)))
    const over = (outcomes: readonly (Outcome | undefined)[]) => () => {
      warned = false
      for (let at = 0; at < works.length; at++) tell(works[at]!, outcomes[at])
    }
    return isPromise(stored) ? stored.then(over) : over(stored)
  }

  /** One statement, if all of them still had their claim. */
  function hot(works: readonly Work[]): MaybePromise<readonly (Outcome | undefined)[]> {
    return steps(function* () {
      const ids = yield* wait(
        store.finish(
          works.map(({ task: { id, token, lane, fair }, ran }) => ({
            id,
            token,
            lane,
            fair,
            took: Math.round(ran!.duration * 1000),
          })),
        ),
      )
      if (ids.size === works.length) return works.map(({ outcome }) => outcome)
      const rest = works.filter(({ task }) => !ids.has(task.id))
      const late = yield* wait(store.atomic(deadline, (rows) => steps(() => mixed(rows, rest))))
      const outcomes = new Map(rest.map((work, at) => [work, late[at]]))
      return works.map((work) => (outcomes.has(work) ? outcomes.get(work) : work.outcome))
    })
  }

  function tell({ task, done, ran }: Work, stored: Outcome | undefined): void {
    done(stored)
    if (!stored) return
    if (stored.kind === 'retry' || stored.kind === 'postpone')
      return host.dueAt(ran ? stored.at : consumer.now())
    follow(task, stored)
  }

  function follow({ subscription, line }: Task, outcome: Outcome): void {
    const children = childrenOf(outcome)
    host.over(1 - children.length)
    if (line !== null) host.ready(subscription)
    for (const child of children) host.ready(child.subscription)
  }

  function* mixed(rows: Rows, works: readonly EndedRun[]): Steps<readonly (Outcome | undefined)[]> {
    const counted = yield* patch(rows, works)
    yield* follows(
      rows,
      works.filter(({ task, ran }) => ran && counted.has(task.id)),
    )
    const refused = works.filter(({ task, ran }) => ran && !counted.has(task.id))
    const before = yield* refuse(rows, refused)
    return works.map(({ task, outcome }) => {
      if (counted.has(task.id)) return outcome
      return before.has(task.id) ? { kind: 'done' } : undefined
    })
  }

  function* patch(rows: Rows, works: readonly EndedRun[]): Steps<ReadonlySet<number>> {
    const now = consumer.now()
    const counted = new Set<number>()
    const byFence = new Map<Fence, Patch[]>()
    for (const { task, outcome, ran } of works) {
      const { fence, change } = ran ? settled(task, outcome, ran, now) : givenBack(task)
      byFence.set(fence, [...(byFence.get(fence) ?? []), patchOf(task, change)])
    }
    for (const [fence, patches] of byFence)
      for (const id of yield* wait(rows.patch(patches, fence))) counted.add(id)
    return counted
  }

  /**
   * Of refused outcomes, those whose own claim is done: the answer of their COMMIT was lost, or the application's transaction
   * did it. The others change nothing, and free the line of a task that another has settled.
   */
  function* refuse(rows: Rows, refused: readonly EndedRun[]): Steps<ReadonlySet<number>> {
    if (refused.length === 0) return new Set()
    const own = new Map(refused.map(({ task }) => [task.id, task]))
    const now = yield* wait(rows.lost([...own.values()].map(({ id, token }) => ({ id, token }))))
    // A transaction of the app may have seen no line but as it was when it began.
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

  /** Children of done tasks, and the next tasks of the lines of settled ones. */
  function* follows(rows: Rows, ended: readonly EndedRun[]): Steps<void> {
    const lines: number[] = []
    for (const { task, outcome } of ended) {
      if ((outcome.kind === 'done' || outcome.kind === 'dead') && task.line !== null)
        lines.push(task.line)
      const children = childrenOf(outcome)
      if (children.length === 0) continue
      yield* wait(lanes.ensure(children.map(({ subscription }) => subscription)))
      const made = children.map(toTask)
      for (const turn of yield* assign(rows, made, (child, at) => void (child.turn = at)))
        host.told(turn)
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
