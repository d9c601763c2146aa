import { claimedRoom } from '../../../basics/room.ts'
import type { Outcome, RunDueResult } from '../../inbox.ts'
import { createAlarm } from './alarm.ts'
import { closeBy, createDrain } from './drain.ts'
import { createTaskRuns, type RunnerOptions, type RunnerTask, createHeld } from './task.ts'
import { createSlots, type Slot, type Slots, createTicks } from './slot.ts'

/**
 * Makes the runner of a receiver's tasks. At most `concurrency` tasks of a subscription run at once. Each outcome is
 * stored once.
 */
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
    ...options,
    slots,
    held,
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
      // The caller of `runDue` gets the time for the next call. A timer would only keep an idle runtime awake.
      if (!isActive()) alarm.clear()
    },
    look: claiming.look,
    idle,
    giveBackWaiting,
    // If a worker runs too, `runDue` releases and aborts nothing, since the worker continues.
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
    // `burst.started` may end the burst (a limited run of tasks without a worker) during the loop, so `isActive` is
    // called before the loop.
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

  /** Releases the memory budget that the task's event uses. */
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
    // Without a worker, no timer is needed: `runDue` returns the time for its next call.
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

  /** Aborts running tasks. Tasks that start later get a new signal. */
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
 * Decides when to claim tasks. One claim runs at a time. If a task becomes ready during a claim, another claim follows.
 * `fetch` makes a claim. It calls `over` once the claimed tasks were passed to `start`, or `over(true)` if the claim
 * failed. After a failure, only the next `look` starts another claim. While `active` returns false, no task is claimed.
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

export interface Runner<Task> {
  /**
   * Reserves room in a slot (a subscription in this process) for a task that is about to be stored. Returns undefined
   * if older tasks go first, if there is no room, or if no task may be claimed now.
   */
  readonly take: (subscription: string, weight: number) => Slot<Task> | undefined
  /**
   * Reserves room in a slot for tasks that a claim may bring. If `count` is negative, releases room that the claim has
   * not used.
   */
  readonly reserve: (slot: Slot<Task>, count: number) => void
  /** Returns the slots that need tasks, and their room. Call `hungry` once in each `fetch`, as late as possible. */
  readonly hungry: () => readonly { readonly slot: Slot<Task>; readonly room: number }[]
  /** Returns how many tasks may be claimed for a slot now, after reservations for other slots. */
  readonly room: (slot: Slot<Task>) => number
  readonly slots: () => readonly Slot<Task>[]
  /** Starts claimed tasks in the next turn of the event loop. `take` or `reserve` must have reserved their room. */
  readonly start: (tasks: readonly Task[]) => void
  /**
   * Notes that a task of the subscription became ready. If this starts a claim while a transaction is open, the
   * transaction includes the claim.
   */
  readonly ready: (subscription: string) => void
  readonly dueAt: (at: number) => void
  /** Starts a claim for all slots. */
  readonly look: () => void
  readonly held: () => Iterable<Task>
  readonly active: () => boolean
  readonly work: () => void
  /** Releases tasks that have not started, and claims no tasks until the returned function is called. */
  readonly pause: () => () => void
  /** Releases all tasks. The signal of running tasks is aborted with the reason. Claiming continues. */
  readonly giveBack: (reason: string) => void
  readonly drain: (until: number, max: number, last?: number) => Promise<RunDueResult>
  readonly burst: (most: number) => BurstEnd | undefined
  /** Resolves when no task is claimed, runs or waits to be stored. */
  readonly idle: () => Promise<void>
  readonly isIdle: () => boolean
  /** Sets timers again. Cloudflare Workers cancel a timer with the request that set it. */
  readonly wake: () => void
  readonly close: (until: number) => Promise<void>
}

/** Ends a burst; see the function that `Port.burst` returns. */
export type BurstEnd = () => Promise<{ readonly next: number | undefined } | undefined>

/**
 * Runs a limited number of tasks without a worker, for a platform that must soon be idle again. `left` returns true if
 * a task may be ready.
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
    // If other bursts have started in the meantime, the last of them ends the run.
    if (open > 0 || !going) return undefined
    going = false
    if (parts.left()) return { next: parts.now() }
    return { next: next === Infinity ? undefined : next }
  }
}
