import type { Claim, Consumer, Outcome } from '@postern/core/inbox'
import type { Commit, Committing } from './commit.ts'
import type { Claimed, Slot } from './lanes.ts'
import type { Settler } from './settler.ts'

/** Runs claimed tasks. */
export interface Attempts {
  /** Runs them in the next turn of the event loop, so that no handler delays a reply. */
  start(claimed: readonly Claimed[]): void
  /** Gives back what was claimed and has not started. */
  stop(): void
  /** Gives back what still runs, as it was claimed. A late outcome is refused. */
  giveBack(): void
  /** Claims this process holds. */
  held(): Iterable<Claimed>
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

// How long one turn of the event loop may start tasks, in milliseconds, so that synchronous handlers leave room for
// requests.
const TURN = 4
// Weight of the last attempt in a slot's pace.
const WEIGHT = 0.2

interface Attempt extends Committing {
  readonly claim: Claim
  /** True once it was given back: nothing that it reports counts any more. */
  given: boolean
}

/** Makes the attempts of a receiver. */
export function createAttempts(host: AttemptsHost): Attempts {
  const { consumer, slots, active, settler, signal } = host
  const open = new Set<Claimed>()
  const running = new Set<Attempt>()
  let scheduled = false
  let turning = false
  let idlers: (() => void)[] = []

  return {
    start(claimed) {
      for (const task of claimed) {
        open.add(task)
        task.slot.queue.push(task)
      }
      if (!active()) return stop()
      if (claimed.length > 0) schedule()
    },
    stop,
    giveBack() {
      for (const attempt of running) {
        attempt.given = true
        settler.add(attempt.task, { kind: 'postpone', at: consumer.now() }, () =>
          close(attempt.task),
        )
      }
      running.clear()
    },
    held: () => open,
    idle: () =>
      open.size === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve)),
  }

  function stop(): void {
    for (const slot of slots())
      for (const task of slot.queue.splice(0)) {
        slot.claimed--
        settler.add(task, { kind: 'postpone', at: consumer.now() }, () => close(task))
      }
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(turn)
  }

  function turn(): void {
    scheduled = false
    turning = true
    const until = performance.now() + TURN
    let more = true
    while (more && performance.now() < until) {
      more = false
      for (const slot of slots()) {
        if (!canStart(slot)) continue
        run(slot.queue.shift()!)
        more = true
      }
    }
    turning = false
    if (slots().some(canStart)) schedule()
  }

  /** Starts the next of a slot where an asynchronous handler has ended, without waiting for a turn. */
  function refill(slot: Slot): void {
    turning = true
    while (canStart(slot)) run(slot.queue.shift()!)
    turning = false
  }

  function run(task: Claimed): void {
    const attempt = toAttempt(task)
    task.slot.running++
    running.add(attempt)
    const started = performance.now()
    const outcome = consumer.run(attempt.claim, signal)
    if (outcome instanceof Promise) void outcome.then((ended) => end(attempt, started, ended))
    else end(attempt, started, outcome as Outcome)
  }

  function end(attempt: Attempt, started: number, outcome: Outcome): void {
    const { task, claim, committed } = attempt
    const { slot } = task
    running.delete(attempt)
    const took = performance.now() - started
    slot.pace = slot.pace === Infinity ? took : slot.pace + (took - slot.pace) * WEIGHT
    slot.running--
    slot.claimed--
    if (!turning) refill(slot)
    host.refill(slot)
    if (attempt.given && !committed) return consumer.settled(claim, outcome, false)
    if (committed) {
      settler.committed(task)
      return finish({ kind: 'done' }, true)
    }
    settler.add(task, outcome, (stored) => finish(stored ?? outcome, stored !== undefined))

    function finish(stored: Outcome, kept: boolean): void {
      consumer.settled(claim, stored, kept)
      close(task)
    }
  }

  function close(task: Claimed): void {
    open.delete(task)
    if (open.size > 0) return
    for (const resolve of idlers) resolve()
    idlers = []
  }

  function toAttempt(task: Claimed): Attempt {
    const attempt: Attempt = {
      task,
      committed: false,
      given: false,
      claim: {
        id: task.id,
        subscription: task.subscription,
        part: task.part,
        data: task.data,
        event: task.event,
        delivery: task.delivery,
        attempt: task.retryCount - task.base + 1,
        commit: (write, spawn) => host.commit(attempt, write, spawn),
      },
    }
    return attempt
  }
}

function canStart(slot: Slot): boolean {
  return slot.queue.length > 0 && slot.running < slot.lane.concurrency
}
