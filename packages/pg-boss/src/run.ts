import type { Claim, Consumer, Outcome } from '@postern/core/inbox'
import type { Commit, Committing } from './commit.ts'
import { attemptOf, type Claimed, type Slot } from './lanes.ts'
import type { Settler } from './settler.ts'
import { createStarter } from './start.ts'

/** Runs claimed tasks. */
export interface Attempts {
  /** Runs them in the next turn of the event loop, so that no handler delays a reply. */
  start(claimed: readonly Claimed[]): void
  /** Gives back what was claimed and has not started: all of it, or what a drain claimed. */
  stop(drain?: Claimed['drain']): void
  /** Gives back what still runs, as it was claimed. A late outcome is refused. */
  giveBack(drain?: Claimed['drain']): void
  /** A claim as receivers see it, for a task that is over. */
  claimOf(task: Claimed): Claim
  /** Claims this process holds. */
  held(): Iterable<Claimed>
  /** Resolves when a task was given up or its outcome stored; at once if there is none. */
  next(): Promise<void>
  /** Resolves when nothing runs or waits to be stored. */
  idle(): Promise<void>
}

/** What attempts need of their port. */
export interface AttemptsHost {
  readonly consumer: Consumer
  readonly slots: () => readonly Slot[]
  readonly active: () => boolean
  readonly commit: Commit
  readonly settler: Settler
  readonly signal: AbortSignal
  readonly refill: (slot: Slot) => void
}

// Weight of the last attempt in a slot's pace.
const WEIGHT = 0.2

interface Attempt extends Committing {
  readonly claim: Claim
  readonly startedAt: number
  /** On the clock of `performance.now()`. */
  readonly started: number
  /** True once it was given back: nothing that it reports counts any more. */
  given: boolean
}

/** Makes the attempts of a receiver. */
export function createAttempts(host: AttemptsHost): Attempts {
  const { consumer, slots, active, settler, signal } = host
  const open = new Set<Claimed>()
  const running = new Set<Attempt>()
  const starter = createStarter(slots, run)
  let idlers: (() => void)[] = []
  let watchers: (() => void)[] = []

  return {
    start(claimed) {
      for (const task of claimed) {
        open.add(task)
        // A suspect starts at once: in the queue it would hold up the others.
        if (task.free) task.slot.queue.unshift(task)
        else task.slot.queue.push(task)
      }
      if (!active()) for (const slot of slots()) back(slot, (task) => task.drain === undefined)
      if (open.size > 0) starter.schedule()
    },
    stop(drain) {
      for (const slot of slots()) back(slot, (task) => drain === undefined || task.drain === drain)
    },
    giveBack(drain) {
      for (const attempt of running) {
        const { task } = attempt
        if (drain !== undefined && task.drain !== drain) continue
        attempt.given = true
        running.delete(attempt)
        postpone(task, 'postpone')
      }
    },
    claimOf: (task) => toAttempt(task).claim,
    held: () => open,
    next: () =>
      open.size === 0 ? Promise.resolve() : new Promise((resolve) => watchers.push(resolve)),
    idle: () =>
      open.size === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve)),
  }

  function back(slot: Slot, which: (task: Claimed) => boolean): void {
    const given = slot.queue.filter(which)
    if (given.length === 0) return
    slot.queue = slot.queue.filter((task) => !given.includes(task))
    for (const task of given) {
      slot.claimed--
      postpone(task, undefined)
    }
  }

  /** As it was claimed: no attempt, and no interruption. */
  function postpone(task: Claimed, ran: 'postpone' | undefined): void {
    const outcome: Outcome = { kind: 'postpone', at: consumer.now() }
    settler.add({ task, outcome, ran: undefined }, () => {
      task.drain?.ended(ran)
      close(task)
    })
  }

  function run(task: Claimed): void {
    const attempt = toAttempt(task)
    task.slot.running++
    running.add(attempt)
    task.drain?.started()
    const outcome = consumer.run(attempt.claim, task.drain?.signal ?? signal)
    if (outcome instanceof Promise) void outcome.then((ended) => end(attempt, ended))
    else end(attempt, outcome as Outcome)
  }

  function end(attempt: Attempt, outcome: Outcome): void {
    const { task, claim, committed, started, startedAt } = attempt
    const { slot } = task
    const took = performance.now() - started
    running.delete(attempt)
    slot.pace = slot.pace === Infinity ? took : slot.pace + (took - slot.pace) * WEIGHT
    slot.running--
    slot.claimed--
    starter.refill(slot)
    host.refill(slot)
    if (attempt.given && !committed) return consumer.settled(claim, outcome, false)
    if (committed) {
      settler.committed(task)
      return finish({ kind: 'done' }, true)
    }
    settler.add({ task, outcome, ran: { at: startedAt, ms: took } }, (stored) =>
      finish(stored ?? outcome, stored !== undefined),
    )

    function finish(stored: Outcome, kept: boolean): void {
      consumer.settled(claim, stored, kept)
      if (!attempt.given) task.drain?.ended(kept ? stored.kind : undefined)
      close(task)
    }
  }

  function close(task: Claimed): void {
    if (!open.delete(task)) return
    task.free?.()
    for (const resolve of watchers) resolve()
    watchers = []
    if (open.size > 0) return
    for (const resolve of idlers) resolve()
    idlers = []
  }

  function toAttempt(task: Claimed): Attempt {
    const attempt: Attempt = {
      task,
      committed: false,
      given: false,
      startedAt: consumer.now(),
      started: performance.now(),
      claim: {
        id: task.id,
        subscription: task.subscription,
        part: task.part,
        data: task.data,
        event: task.event,
        delivery: task.delivery,
        attempt: attemptOf(task),
        commit: (write, spawn) => host.commit(attempt, write, spawn),
      },
    }
    return attempt
  }
}
