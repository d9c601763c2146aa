import { claimedRoom } from '../../../basics/room.ts'
import type { Outcome, Claim, Consumer, RunDueResult } from '../../inbox.ts'
import { createAlarm } from './alarm.ts'
import { closeBy } from '../closing.ts'
import { createDrain } from './drain.ts'
import { createTaskRuns, type RunnerTask, type EndedClaim, createHeld } from './task.ts'
import { createSlots, type Slot, type Slots, type Ahead, createTicks } from './slot.ts'

/** Runs the tasks of a receiver: at most `concurrency` of a subscription at once. Each outcome is stored once. */
export function createRunner<Task extends RunnerTask<Task>>(
  options: RunnerOptions<Task>,
): Runner<Task> {
  const { consumer, ahead, margin } = options
  const slots = createSlots<Task>(consumer, ahead, () => {
    for (const slot of slots.all()) claiming.wake(slot)
  })
  const held = createHeld<Task>()
  let working = false
  let draining = false
  let closed = false
  let pauses = 0
  let stopping = new AbortController()
  let idlers: (() => void)[] = []
  const isActive = (): boolean => !closed && pauses === 0 && (working || draining || burst.on())
  const claiming = createClaiming(slots, isActive, options.fetch, tellIdle)
  const alarm = createAlarm(claiming.look, () => consumer.now())
  const taskRuns = createTaskRuns<Task>({
    consumer,
    slots,
    held,
    claimOf: options.claimOf,
    settle: options.settle,
    ended,
    free,
    signal: () => stopping.signal,
  })
  const ticks = createTicks<Task>({
    begin: taskRuns.tick,
    run: taskRuns.run,
    early: options.early === true,
  })
  const drain = createDrain({
    reclaim: options.reclaim,
    limit: slots.limit,
    allow(on) {
      draining = on
      // `runDue` returns the time of its next call. A timer would only keep an idle runtime awake.
      if (!isActive()) alarm.clear()
    },
    look: claiming.look,
    idle,
    giveBackWaiting,
    // Next to a worker, `runDue` releases nothing: the worker continues.
    giveBackRunning: () => void (working || giveBackRunning()),
    abort: () => void (working || abortOnce('the deadline of runDue is near')),
    rest: options.rest,
  })

  const burst = createBursts({
    idle,
    left: () => slots.all().some(({ backlog }) => backlog),
    now: () => consumer.now(),
  })

  return {
    take,
    reserve(slot, count) {
      slots.reserve(slot, count)
      if (count >= 0) return
      claiming.wake(slot)
      tellIdle()
    },
    hungry: claiming.hungry,
    room: slots.roomOf,
    slots: slots.all,
    start,
    ready: claiming.ready,
    dueAt,
    look: claiming.look,
    held: () => held,
    active: isActive,
    work() {
      working = true
      claiming.look()
    },
    pause() {
      pauses++
      giveBackWaiting()
      return () => {
        pauses--
        claiming.look()
      }
    },
    giveBack(reason) {
      giveBackWaiting()
      abortOnce(reason)
      giveBackRunning()
    },
    drain: drain.drain,
    burst: burst.begin,
    idle,
    isIdle,
    wake() {
      ticks.wake()
      alarm.wake()
    },
    close,
  }

  function take(subscription: string, weight: number): Slot<Task> | undefined {
    if (!isActive()) return undefined
    const slot = slots.find(subscription)
    if (!slot) return undefined
    slots.learn(slot, weight)
    if (slots.takes(slot)) {
      slots.reserve(slot, 1)
      return slot
    }
    claiming.ready(subscription)
    return undefined
  }

  function start(tasks: readonly Task[]): void {
    if (tasks.length === 0) return
    // The last tasks of a burst end it.
    const active = isActive()
    for (const task of tasks) {
      held.add(task)
      burst.started()
      claimedRoom.take(task.weight)
      slots.learn(task.slot, task.weight)
      task.slot.queue.push(task)
      if (active) ticks.offer(task.slot)
    }
    if (!active) giveBackWaiting()
  }

  function ended(task: Task, stored: Outcome | undefined, started: boolean): void {
    forget(task)
    options.ended(task, stored)
    drain.ended(stored, started)
    tellIdle()
  }

  /** Frees the memory budget of its event. */
  function forget(task: Task): void {
    claimedRoom.give(task.weight)
    task.weight = 0
  }

  function free(slot: Slot<Task>): void {
    claiming.wake(slot)
    ticks.refill(slot)
  }

  function dueAt(at: number): void {
    burst.dueAt(at)
    // Without a worker, `runDue` returns the time of its next call.
    if (!closed && (working || draining)) alarm.at(at)
  }

  function giveBackWaiting(): void {
    for (const slot of slots.all())
      for (const task of slot.queue.splice(0)) taskRuns.giveBack(task, false)
  }

  function giveBackRunning(): void {
    for (const task of held) taskRuns.giveBack(task, true)
  }

  function abort(reason: string): void {
    stopping.abort(new Error(reason))
  }

  /** Aborts running tasks. Later ones get a new signal. */
  function abortOnce(reason: string): void {
    abort(reason)
    stopping = new AbortController()
  }

  async function close(until: number): Promise<void> {
    closed = true
    drain.stop()
    alarm.clear()
    giveBackWaiting()
    const stop = (): void => abort('the receiver was closed')
    await closeBy(until, { idle, abort: stop, giveBackRunning, margin })
    for (const task of held) forget(task)
  }

  function isIdle(): boolean {
    return held.size() === 0 && slots.claimed() === 0 && !claiming.busy()
  }

  function idle(): Promise<void> {
    return isIdle() ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))
  }

  function tellIdle(): void {
    if (idlers.length === 0 || !isIdle()) return
    for (const resolve of idlers) resolve()
    idlers = []
  }
}

/**
 * Decides when to claim: one claim at a time, and another if a task became ready in the meantime. `fetch` starts a
 * claim. It calls `over` when its tasks are handed to `start`, or with true if it failed; then only the next look tries
 * again. `active` returns false while nothing may be claimed.
 */
function createClaiming<Task>(
  slots: Slots<Task>,
  active: () => boolean,
  fetch: (over: (failed?: boolean) => void) => void,
  ended: () => void,
) {
  let busy = false
  let asked = false

  return {
    ready,
    look,
    wake,
    hungry,
    busy: () => busy,
  }

  function ready(subscription: string): void {
    const slot = slots.find(subscription)
    if (!slot) return
    slot.backlog = true
    wake(slot)
  }

  function look(): void {
    for (const slot of slots.all()) slot.backlog = true
    claim()
  }

  /** Returns the slots to claim for, and how many tasks. Call it once in each claim, as late as possible. */
  function hungry(): readonly { readonly slot: Slot<Task>; readonly room: number }[] {
    asked = false
    return slots
      .all()
      .flatMap((slot) => (slots.isHungry(slot) ? { slot, room: slots.roomOf(slot) } : []))
  }

  function wake(slot: Slot<Task>): void {
    if (slots.isHungry(slot)) claim()
  }

  function claim(): void {
    if (!active()) return
    if (busy) {
      asked = true
      return
    }
    busy = true
    asked = false
    fetch(over)
  }

  function over(failed = false): void {
    busy = false
    if (asked && !failed && slots.all().some((slot) => slots.isHungry(slot))) claim()
    if (!busy) ended()
  }
}

interface RunnerOptions<Task> {
  readonly consumer: Consumer
  /** How far ahead quick handlers get tasks. */
  readonly ahead: Ahead
  /** True if new tasks start right after the replies, while handlers are quick. @default false */
  readonly early?: boolean
  readonly claimOf: (task: Task) => Claim
  /** Stores an outcome and calls `ended.done`. It retries until it succeeds or the inbox closes. */
  readonly settle: (ended: EndedClaim<Task>) => void
  /** Claims for `hungry()`, hands tasks to `start`, and calls `over`. After `over(true)` the next look tries again. */
  readonly fetch: (over: (failed?: boolean) => void) => void
  /** Called when a claim is over, also by `task.commit` or a release. Its lease ends here. */
  readonly ended: (task: Task, stored: Outcome | undefined) => void
  /** Frees tasks whose lease ended, for `drain`. */
  readonly reclaim: () => Promise<void>
  /** Counts due tasks for `drain`, and returns when the next is due or the next lease ends. */
  readonly rest: () => Promise<Pick<RunDueResult, 'left' | 'next'>>
  readonly margin: number
}

export interface Runner<Task> {
  /** Reserves room for a task that is being stored, unless older tasks go first or there is no room. */
  readonly take: (subscription: string, weight: number) => Slot<Task> | undefined
  /** Counts claims of a slot before they are made. A negative number releases what was not claimed. */
  readonly reserve: (slot: Slot<Task>, count: number) => void
  /** Returns slots to claim for. Call it once in each `fetch`, as late as possible. */
  readonly hungry: () => readonly { readonly slot: Slot<Task>; readonly room: number }[]
  /** Returns how many tasks a slot may claim now, after reservations for other slots. */
  readonly room: (slot: Slot<Task>) => number
  readonly slots: () => readonly Slot<Task>[]
  /** Accepts claimed tasks, each counted by `take` or `reserve`. They run in the next turn of the event loop. */
  readonly start: (tasks: readonly Task[]) => void
  /** Notes that a task of the subscription became ready. The open transaction can claim it. */
  readonly ready: (subscription: string) => void
  readonly dueAt: (at: number) => void
  /** Claims whatever may be ready. */
  readonly look: () => void
  readonly held: () => Iterable<Task>
  readonly active: () => boolean
  readonly work: () => void
  /** Releases tasks that have not started, and claims nothing until the returned function is called. */
  readonly pause: () => () => void
  /** Releases all tasks; running ones get the reason in their signal. Claiming continues. */
  readonly giveBack: (reason: string) => void
  readonly drain: (until: number, max: number, last?: number) => Promise<RunDueResult>
  readonly burst: (most: number) => BurstEnd | undefined
  /** Resolves when nothing is claimed, runs or waits to be stored. */
  readonly idle: () => Promise<void>
  readonly isIdle: () => boolean
  /** Sets timers again, which Workers cancel with the request that set them. */
  readonly wake: () => void
  readonly close: (until: number) => Promise<void>
}

/** As `Port.burst`. */
export type BurstEnd = () => Promise<{ readonly next: number | undefined } | undefined>

/**
 * Runs stored tasks for a limited time, without a worker: for a host that must soon be idle again. `idle` resolves when
 * nothing is claimed, runs or waits to be stored; `left` returns true if a task may be ready.
 */
function createBursts(parts: {
  readonly idle: () => Promise<void>
  readonly left: () => boolean
  readonly now: () => number
}) {
  let open = 0
  let going = false
  let room = 0
  let next = Infinity

  return {
    on: () => going && room > 0,
    started: () => void room--,
    dueAt: (at: number) => void (next = Math.min(next, at)),
    begin,
  }

  function begin(most: number): BurstEnd | undefined {
    if (!going) {
      going = true
      room = most
      next = Infinity
    } else if (room <= 0) return undefined
    open++
    return end
  }

  async function end(): Promise<{ readonly next: number | undefined } | undefined> {
    open--
    if (open === 0) await parts.idle()
    // Bursts that started in the meantime end it.
    if (open > 0 || !going) return undefined
    going = false
    if (parts.left()) return { next: parts.now() }
    return { next: next === Infinity ? undefined : next }
  }
}
