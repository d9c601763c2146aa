import { MAX_TIMER } from '../../../basics/duration.ts'
import type { Outcome, Ran, TaskDraft } from '../../inbox.ts'
import { reported } from '../../engine/rules.ts'
import { noteAttempt } from './attempts.ts'
import { applyChange } from './change.ts'
import { BACKLOG } from './claim.ts'
import type { MemoryEvent } from '../accept/event.ts'
import { closed, forgetEvent, taskOpened, unkept, type MemoryState } from '../state.ts'
import { MemoryTask, type MemoryClaim } from './task.ts'

/** Makes a pending task. True if enough are before it that it will not run soon. */
export function add(state: MemoryState, owner: MemoryEvent, draft: TaskDraft): boolean {
  const task = new MemoryTask(++state.store.sequence, owner, draft)
  taskOpened(state, task)
  return state.lanes.add(task)
}

/** Ends an attempt: pending → done, dead, or pending again. */
export function settle(
  state: MemoryState,
  task: MemoryTask,
  claim: MemoryClaim,
  outcome: Outcome,
  ran: Ran,
): void {
  const { owner } = task
  task.claim = undefined
  const now = outcome.kind === 'done' ? 0 : state.consumer.now()
  const ruling = reported({ attempt: task.attempt, fair: null }, outcome, ran, now)
  if (outcome.kind === 'done') {
    // Before the parent ends: an event without open tasks is held no longer.
    for (const child of outcome.spawn ?? []) if (!owner.has(child)) add(state, owner, child)
    applyChange(state, task, ruling.change, now)
    closed(state, task)
  } else {
    noteAttempt(task, claim, outcome, ran)
    applyChange(state, task, ruling.change, now)
    if (task.state === 'dead') die(state, task)
    else {
      readyLater(state, task)
      if ((state.pending > BACKLOG || owner.heavy) && owner.rests()) owner.fold()
    }
  }
  state.lanes.ended(task, task.state !== 'pending')
  task.firstEnd?.()
  task.firstEnd = undefined
  state.consumer.settled(claim, outcome, true, ran)
}

/** Makes a task ready when it is due. */
export function readyLater(state: MemoryState, task: MemoryTask): void {
  // A closed inbox must not keep the process alive; the next receiver sets the timer again.
  if (state.closing.signal.aborted) return
  const left = Math.min(Math.max(task.due - state.consumer.now(), 0), MAX_TIMER)
  task.timer = setTimeout(
    () => (left === MAX_TIMER ? readyLater(state, task) : state.lanes.ready(task)),
    left,
  )
}

/** Drops what is kept of a dead task. Its event stays known, so that a redelivery runs no settled sibling again. */
export function forget(state: MemoryState, task: MemoryTask): void {
  if (unkept(state, task)) forgetEvent(state, task.owner)
}

function die(state: MemoryState, task: MemoryTask): void {
  const { dead, settings } = state
  const { owner } = task
  if (owner.kept++ === 0) state.keptBytes += owner.bytes
  dead.add(task)
  closed(state, task)
  if (owner.heavy && owner.rests()) owner.fold()
  while (dead.size > 1 && state.keptBytes > settings.maxWaitingBytes) drop(state, 'maxWaitingBytes')
  if (dead.size > settings.maxDead) drop(state, 'maxDead')
}

/** Drops the oldest dead task. */
function drop(state: MemoryState, option: 'maxDead' | 'maxWaitingBytes'): void {
  const { dead, settings, consumer } = state
  const oldest = dead.values().next().value!
  forget(state, oldest)
  const now = consumer.now()
  if (now < state.warnAgain) return
  state.warnAgain = now + 3_600_000
  consumer.warn(
    `memoryInbox: dead task ${oldest.id} of ${oldest.draft.subscription} was dropped, since ${option} is ${settings[option]}: only a redelivery can run it again; raise ${option}, or use a durable inbox`,
  )
}
