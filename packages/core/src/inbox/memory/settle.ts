import { MAX_TIMER } from '../../duration.ts'
import { isPromise } from '../../maybe.ts'
import type { Claim, Consumer, Outcome, TaskDraft } from '../inbox.ts'
import type { MemoryEvent } from './event.ts'
import type { Known } from './known.ts'
import { BACKLOG, createLanes, type Lanes } from './claim.ts'
import { MemoryClaim, MemoryTask } from './task.ts'

/** The life of tasks: pending → running → done or dead, and dead → pending. */
export interface Tasks {
  readonly consumer: Consumer
  readonly lanes: Lanes
  /** Tasks pending or running, and the bytes of their bodies. */
  readonly pending: number
  readonly pendingBytes: number
  readonly dead: ReadonlyMap<string, MemoryTask>
  /** Makes a pending task. True where so many are before it that it will not run soon. */
  add(owner: MemoryEvent, draft: TaskDraft): boolean
  /** Dead → pending, from the first attempt. */
  replay(task: MemoryTask): void
  /** Gives a pending or dead task up for good; its event stays known. */
  discard(task: MemoryTask): void
  /** Drops what is kept of a dead task. Its event stays known, so that a redelivery runs no settled sibling again. */
  forget(task: MemoryTask): void
  /** Claims no more and aborts the signal of the running attempts. */
  abort(): void
  /** Makes running tasks pending as they were claimed. Their outcomes are refused from now on. */
  giveBack(): void
  /** Goes on with what is left. */
  reopen(consumer: Consumer): void
}

/** Makes it. `keepDead` is how many dead tasks are kept. */
export function createTasks(first: Consumer, known: Known, keepDead: number): Tasks {
  let consumer = first
  let lanes = createLanes(consumer, start)
  let closing = new AbortController()
  let pending = 0
  let pendingBytes = 0
  let sequence = 0
  const dead = new Map<string, MemoryTask>()

  return {
    get consumer() {
      return consumer
    },
    get lanes() {
      return lanes
    },
    get pending() {
      return pending
    },
    get pendingBytes() {
      return pendingBytes
    },
    dead,
    add,
    replay,
    discard,
    forget: (task) => void dead.delete(task.id),
    abort,
    giveBack,
    reopen,
  }

  function add(owner: MemoryEvent, draft: TaskDraft): boolean {
    const task = new MemoryTask(++sequence, owner, draft)
    opened(owner)
    return lanes.add(task)
  }

  function opened(owner: MemoryEvent): void {
    if (owner.open++ === 0) pendingBytes += owner.bytes
    pending++
  }

  function start(task: MemoryTask): void {
    task.state = 'running'
    task.attempt++
    const claim = new MemoryClaim(task)
    task.claim = claim
    const { signal } = closing
    const runner = consumer
    const outcome = runner.run(claim, signal)
    if (isPromise(outcome)) void outcome.then((ended) => end(ended))
    else end(outcome)

    function end(reported: Outcome): void {
      if (task.claim === claim) settle(task, claim, reported, signal)
      else runner.settled(claim, reported, false)
    }
  }

  function settle(task: MemoryTask, claim: Claim, reported: Outcome, signal: AbortSignal): void {
    task.claim = undefined
    // A handler that fails after the abort gives its task back: closing uses up no attempt.
    const outcome: Outcome =
      signal.aborted && reported.kind !== 'done'
        ? { kind: 'postpone', at: consumer.now() }
        : reported
    const { owner } = task
    const over = outcome.kind === 'done' || outcome.kind === 'dead'
    if (outcome.kind !== 'postpone')
      task.error = outcome.kind === 'done' ? undefined : outcome.error
    if (over) {
      if (outcome.kind === 'dead') {
        dead.set(task.id, task)
        if (dead.size > keepDead) dead.delete(dead.keys().next().value!)
      } else if (outcome.spawn)
        for (const child of outcome.spawn) if (!owner.has(child)) add(owner, child)
      ended(task, outcome.kind)
    } else {
      if (outcome.kind === 'postpone') task.attempt--
      task.state = 'pending'
      task.due = outcome.at
      wait(task)
      if (pending > BACKLOG && owner.rests()) owner.fold()
    }
    lanes.ended(task, over)
    firstEnded(task)
    consumer.settled(claim, outcome, true)
  }

  function ended(task: MemoryTask, state: 'done' | 'dead'): void {
    task.state = state
    pending--
    const { owner } = task
    if (--owner.open > 0) return
    pendingBytes -= owner.bytes
    known.settle(owner)
  }

  function wait(task: MemoryTask): void {
    // A closed inbox must not keep the process alive; whoever reopens it waits again.
    if (closing.signal.aborted) return
    const left = Math.min(Math.max(task.due - consumer.now(), 0), MAX_TIMER)
    task.timer = setTimeout(() => (left === MAX_TIMER ? wait(task) : lanes.ready(task)), left)
  }

  function replay(task: MemoryTask): void {
    const { owner } = task
    dead.delete(task.id)
    if (owner.open === 0) {
      const { key, dedupe } = owner.event
      const current = dedupe && known.open(known.find(key))
      // The event was forgotten meanwhile and came again: the task joins what is under way.
      if (current) return void add(current, task.draft)
      known.enter(owner)
    }
    opened(owner)
    task.state = 'pending'
    task.attempt = 0
    lanes.add(task)
  }

  function discard(task: MemoryTask): void {
    if (task.state === 'dead') {
      dead.delete(task.id)
      task.state = 'done'
      if (task.owner.open === 0) known.settle(task.owner)
    } else if (task.state === 'pending') {
      lanes.remove(task)
      ended(task, 'done')
      firstEnded(task)
    }
  }

  function abort(): void {
    lanes.stop()
    closing.abort(new Error('the receiver was closed'))
    for (const task of openTasks()) clearTimeout(task.timer)
  }

  function giveBack(): void {
    for (const task of openTasks()) {
      if (task.state !== 'running') continue
      task.claim = undefined
      task.state = 'pending'
      task.attempt--
      lanes.ended(task, false)
      firstEnded(task)
    }
  }

  function reopen(next: Consumer): void {
    consumer = next
    closing = new AbortController()
    lanes = createLanes(consumer, start)
    for (const task of openTasks()) {
      task.timer = undefined
      if (task.state === 'pending' && task.due <= consumer.now()) lanes.add(task)
      else {
        lanes.hold(task)
        if (task.state === 'pending') wait(task)
      }
    }
  }

  function openTasks(): MemoryTask[] {
    return [...known.values()]
      .flatMap((owner) => [...owner.tasks()])
      .filter((task) => task.state === 'pending' || task.state === 'running')
      .sort((a, b) => a.sequence - b.sequence)
  }
}

function firstEnded(task: MemoryTask): void {
  task.firstEnd?.()
  task.firstEnd = undefined
}
