import type { Claim, Consumer, Outcome } from '@postern/core/inbox'
import type { Commit } from './commit.ts'
import type { Claimed, Lanes, Slot } from './lanes.ts'
import type { Running, Store } from './store.ts'
import type { Work } from './work.ts'

/** Runs claimed tasks and settles them. */
export interface Attempts {
  /** Runs them in the next turn of the event loop, so that no handler delays a reply. */
  start(claimed: readonly Claimed[]): void
  /** How many run or wait for their outcome to be stored. */
  readonly open: number
  /** Resolves when there are none. */
  idle(): Promise<void>
  /** Gives back, as they were claimed, what has not started and, with `all`, what runs. */
  giveBack(all: boolean): void
}

/** What attempts need of their port. */
export interface AttemptsHost {
  readonly consumer: Consumer
  readonly lanes: () => Lanes
  readonly commit: Commit
  readonly signal: AbortSignal
  readonly dueAt: (at: number) => void
}

// How long one turn of the event loop may start tasks, in milliseconds, so that synchronous handlers leave room for
// requests.
const TURN = 4
// Weight of the last attempt in a slot's pace.
const WEIGHT = 0.2
// How long to wait before an outcome that could not be stored (a full disk) is tried again, in milliseconds.
const STORE_AGAIN = 250

/** Makes the attempts of a receiver. */
export function createAttempts(store: Store, host: AttemptsHost): Attempts {
  const { consumer, lanes, commit, signal, dueAt } = host
  const { running, writer, settle, finished } = store
  let scheduled = false
  let turning = false
  const open: Running[] = []
  let idlers: (() => void)[] = []

  return {
    start(claimed) {
      for (const task of claimed) {
        const attempt = toRunning(task, open.length)
        open.push(attempt)
        task.slot.queue.push(attempt)
        running.set(task.id, attempt.lease)
      }
      if (claimed.length > 0) schedule()
    },
    get open() {
      return open.length
    },
    giveBack(all) {
      for (const slot of lanes().all()) {
        for (const attempt of slot.queue) back(attempt)
        slot.queue = []
      }
      if (all) for (const attempt of open) back(attempt)
    },
    idle: () =>
      open.length === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve)),
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
      for (const slot of lanes().all()) {
        if (!canStart(slot)) continue
        run(slot.queue.shift()!)
        more = true
      }
    }
    turning = false
    if (lanes().all().some(canStart)) schedule()
  }

  /** Starts the next of a slot where an asynchronous handler has ended, without waiting for a turn. */
  function refill(slot: Slot): void {
    turning = true
    while (canStart(slot)) run(slot.queue.shift()!)
    turning = false
  }

  function run(attempt: Running): void {
    attempt.slot.running++
    attempt.started = performance.now()
    const outcome = consumer.run(attempt.claim, signal)
    if (outcome instanceof Promise) void outcome.then((ended) => end(attempt, ended))
    else end(attempt, outcome as Outcome)
  }

  /** Its outcome, should there be one still, is refused. */
  function back(attempt: Running): void {
    if (attempt.given || attempt.committed) return
    attempt.given = true
    const work: Work = {
      bytes: 0,
      run: () => settle.giveBack(attempt),
      done: () => close(attempt),
      // Its lease ends, and another process takes it.
      failed: () => close(attempt),
    }
    writer.add(work)
  }

  function end(attempt: Running, outcome: Outcome): void {
    const { slot } = attempt
    if (attempt.given) return consumer.settled(attempt.claim, outcome, false)
    const { subscription } = attempt.claim
    const took = performance.now() - attempt.started
    attempt.took = Math.round(took * 1000)
    slot.pace = slot.pace === Infinity ? took : slot.pace + (took - slot.pace) * WEIGHT
    slot.running--
    slot.claimed--
    if (slot.backlog) lanes().ready(subscription)
    if (!turning) refill(slot)
    if (attempt.committed) {
      follow(subscription, attempt, attempt.committed)
      return settled(attempt, attempt.committed, true)
    }
    const work: Work = {
      bytes: 0,
      run() {
        const now = Math.floor(consumer.now())
        if (isPlain(attempt, outcome)) return finished.add(attempt, now)
        attempt.stored = settle.settle(attempt, outcome, now)
        if (attempt.stored) follow(subscription, attempt, outcome)
      },
      done: () => settled(attempt, outcome, attempt.stored),
      failed(error) {
        if (error.code === 'closed') return settled(attempt, outcome, false)
        consumer.warn(`the outcome of task ${attempt.id} could not be stored: ${error.message}`)
        setTimeout(() => writer.add(work), STORE_AGAIN)
      },
    }
    writer.add(work)
  }

  /** Looks for what an outcome made ready: a retry in time, the next of its key, children. */
  function follow(subscription: string, attempt: Running, outcome: Outcome): void {
    if (outcome.kind === 'retry' || outcome.kind === 'postpone') return dueAt(outcome.at)
    if (attempt.orderKey !== undefined) lanes().ready(subscription)
    if (outcome.kind !== 'done') return
    for (const child of outcome.spawn ?? []) lanes().ready(child.subscription)
  }

  function settled(attempt: Running, outcome: Outcome, stored: boolean): void {
    close(attempt)
    consumer.settled(attempt.claim, outcome, stored)
    rest()
  }

  function close(attempt: Running): void {
    // If this one lost its claim, the next attempt of the task may run in this process already.
    if (running.get(attempt.id) === attempt.lease) running.delete(attempt.id)
    attempt.free?.()
    // Each knows its place: a Set costs a quarter more of a task.
    const last = open.pop()!
    if (last !== attempt) open[(last.place = attempt.place)] = last
    if (attempt.given) rest()
  }

  function rest(): void {
    if (open.length > 0) return
    for (const resolve of idlers) resolve()
    idlers = []
  }

  function toRunning(task: Claimed, place: number): Running {
    const { slot, id, token, lane, orderKey, sharing, subscription, part, data } = task
    const { tenant, fresh, free, event, delivery, attempt } = task
    const claim: Claim = {
      id: String(id),
      subscription,
      part,
      data,
      event,
      delivery,
      attempt,
      commit: (write, spawn) => commit(made, write, spawn),
    }
    const made: Running = {
      slot,
      id,
      token,
      receiver: consumer.receiver,
      event: task.eventRow,
      lane,
      tenant,
      orderKey,
      sharing,
      number: attempt,
      fresh,
      free,
      took: 0,
      started: 0,
      claim,
      lease: { id, token, leased: Date.now() },
      committed: undefined,
      stored: false,
      given: false,
      place,
    }
    return made
  }
}

/** True if nothing waits for the outcome, no task of its key and no child, and its row has nothing to clear. */
function isPlain({ orderKey, fresh }: Running, outcome: Outcome): boolean {
  return fresh && orderKey === undefined && outcome.kind === 'done' && outcome.spawn === undefined
}

function canStart(slot: Slot): boolean {
  return slot.queue.length > 0 && slot.running < slot.lane.concurrency
}
