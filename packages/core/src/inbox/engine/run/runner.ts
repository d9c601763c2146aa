import { claimedRoom } from '../../../basics/room.ts'
import type { Outcome } from '../../inbox.ts'
import { createAlarm } from './alarm.ts'
import { createBursts } from './burst.ts'
import { closeBy } from '../closing.ts'
import { createDrain } from './drain.ts'
import { createTaskRuns, type RunnerTask } from './task-runs.ts'
import { createHeld } from './held.ts'
import type { Runner, RunnerOptions } from './runner-types.ts'
import { createSlots, type Slot, type Slots } from './slot.ts'
import { createTicks } from './ticks.ts'

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
    // Beside a worker a drain ends nothing: the worker goes on.
    giveBackRunning: () => void (working || giveBackRunning()),
    abort: () => void (working || abortOnce('the deadline of the drain is near')),
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

/** Says when to claim: one claim at a time, and another if something became ready meanwhile. */
interface Claiming<Task> {
  /** A task of the subscription became ready, or may have. */
  readonly ready: (subscription: string) => void
  /** Any task may be ready. */
  readonly look: () => void
  /** Claims if the slot is hungry. */
  readonly wake: (slot: Slot<Task>) => void
  /** The slots to claim for, and how many tasks. To be asked once in each claim, as late as possible. */
  readonly hungry: () => readonly { readonly slot: Slot<Task>; readonly room: number }[]
  /** True while a claim runs. */
  readonly busy: () => boolean
}

/**
 * Makes a {@link Claiming}. `fetch` starts a claim and calls `over` when its tasks were handed to `start`, or with true if it failed: then
 * the next look tries again, and not at once. `active` is false while nothing may be claimed.
 */
function createClaiming<Task>(
  slots: Slots<Task>,
  active: () => boolean,
  fetch: (over: (failed?: boolean) => void) => void,
  ended: () => void,
): Claiming<Task> {
  let busy = false
  let asked = false

  return {
    ready(subscription) {
      const slot = slots.find(subscription)
      if (!slot) return
      slot.backlog = true
      wake(slot)
    },
    look() {
      for (const slot of slots.all()) slot.backlog = true
      claim()
    },
    wake,
    hungry() {
      asked = false
      const found = []
      for (const slot of slots.all())
        if (slots.isHungry(slot)) found.push({ slot, room: slots.roomOf(slot) })
      return found
    },
    busy: () => busy,
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
