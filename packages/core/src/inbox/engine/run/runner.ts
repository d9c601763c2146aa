import { claimedRoom } from '../../../basics/room.ts'
import type { Outcome, Claim, Consumer, RunDueResult } from '../../inbox.ts'
import { createAlarm } from './alarm.ts'
import { closeBy } from '../closing.ts'
import { createDrain } from './drain.ts'
import { createTaskRuns, type RunnerTask, type EndedClaim, createHeld } from './task.ts'
import { createSlots, type Slot, type Slots, type Ahead, createTicks } from './slot.ts'

/** Makes a runner. */
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
      // The next drain is told when to come; a timer would only keep an idle runtime.
      if (!isActive()) alarm.clear()
    },
    look: claiming.look,
    idle,
    giveBackWaiting,
    // Next to a worker a drain ends nothing: the worker continues.
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
    // The last ones of a burst end it.
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

  /** Its event is held no longer. */
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
    // Without a worker the next drain is told when to come.
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

  /** What starts later has a signal of its own. */
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
 * Says when to claim: one claim at a time, and another if something became ready meanwhile. `fetch` starts a claim and calls `over` when its tasks were handed to `start`, or with true if it failed: then
 * the next look tries again, and not at once. `active` is false while nothing may be claimed.
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
    /** True while a claim runs. */
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

  /** Returns the slots to claim for, and how many tasks. Ask once in each claim, as late as possible. */
  function hungry(): readonly { readonly slot: Slot<Task>; readonly room: number }[] {
    asked = false
    return slots
      .all()
      .flatMap((slot) => (slots.isHungry(slot) ? { slot, room: slots.roomOf(slot) } : []))
  }

  /** Claims if the slot is hungry. */
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

/** The argument of {@link createRunner}. */
interface RunnerOptions<Task> {
  /** Whose tasks run. */
  readonly consumer: Consumer
  /** How far ahead quick handlers get tasks. */
  readonly ahead: Ahead
  /** Tasks that came start right after the replies, while handlers are quick. @default false */
  readonly early?: boolean
  /** A task as the consumer runs it. */
  readonly claimOf: (task: Task) => Claim
  /** Stores an outcome and calls `ended.done`. It tries for as long as it takes, or until the inbox closes. */
  readonly settle: (ended: EndedClaim<Task>) => void
  /** Claims for `hungry()`, hands what it has to `start`, and calls `over`; with true if it failed, for the next look to try again. */
  readonly fetch: (over: (failed?: boolean) => void) => void
  /** Called with each claim that is over, after `task.commit` and a releasing too: leases end here. */
  readonly ended: (task: Task, stored: Outcome | undefined) => void
  /** For `drain`: frees tasks whose lease ended. */
  readonly reclaim: () => Promise<void>
  /** For `drain`: tasks that are due now, and when the next one is, ends of leases included. */
  readonly rest: () => Promise<Pick<RunDueResult, 'left' | 'next'>>
  /** Milliseconds that storing what is released may take. */
  readonly margin: number
}

/** Runs the tasks of a receiver: at most `concurrency` of a subscription at once, and every outcome is stored once. */
export interface Runner<Task> {
  /** Takes room for a task that is being stored; undefined if older ones go first, there is no room, or nothing runs here. */
  readonly take: (subscription: string, weight: number) => Slot<Task> | undefined
  /** Counts claims of a slot before they are made; a negative number releases what was not claimed. */
  readonly reserve: (slot: Slot<Task>, count: number) => void
  /** Slots to claim for. Ask once in each `fetch`, as late as possible; set `backlog` of a slot to false if it has no more. */
  readonly hungry: () => readonly { readonly slot: Slot<Task>; readonly room: number }[]
  /** How many tasks a slot may claim now: what was reserved since for another slot counts. */
  readonly room: (slot: Slot<Task>) => number
  readonly slots: () => readonly Slot<Task>[]
  /** Hands over claimed tasks, each counted by `take` or `reserve`. They run in the next turn of the event loop. */
  readonly start: (tasks: readonly Task[]) => void
  /** A task of the subscription became ready. Inside a transaction it can be claimed by the same one. */
  readonly ready: (subscription: string) => void
  /** A task is due at that time, on the consumer's clock. */
  readonly dueAt: (at: number) => void
  /** Any task may be ready. */
  readonly look: () => void
  /** Tasks this process holds. */
  readonly held: () => Iterable<Task>
  /** True while tasks may be claimed. */
  readonly active: () => boolean
  readonly work: () => void
  /** Gives back what has not started, and claims and starts nothing until the function returned was called. */
  readonly pause: () => () => void
  /** Gives back all that it holds; what runs hears the reason. It continues claiming. */
  readonly giveBack: (reason: string) => void
  readonly drain: (until: number, max: number, last?: number) => Promise<RunDueResult>
  /** As `Port.burst`. */
  readonly burst: (most: number) => BurstEnd | undefined
  /** Resolves when nothing is claimed, runs or waits to be stored. */
  readonly idle: () => Promise<void>
  readonly isIdle: () => boolean
  /** Timers may have been canceled, as Workers do with those of a request that ended: sets them again. */
  readonly wake: () => void
  /** As `Port.close`. */
  readonly close: (until: number) => Promise<void>
}

/** As `Port.burst`. */
export type BurstEnd = () => Promise<{ readonly next: number | undefined } | undefined>

/**
 * Runs what is stored while it is on, without a worker: for a host that must be idle soon again. `idle` resolves when nothing is claimed, runs or waits to be stored; `left` is true if a task may be ready.
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
    /** True while tasks may be claimed for it. */
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
    // Others have started meanwhile, and end it.
    if (open > 0 || !going) return undefined
    going = false
    if (parts.left()) return { next: parts.now() }
    return { next: next === Infinity ? undefined : next }
  }
}
