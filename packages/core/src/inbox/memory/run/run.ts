import { claimedRoom } from '../../../basics/room.ts'
import { isPromise } from '../../../basics/maybe.ts'
import type { Outcome, Ran } from '../../inbox.ts'
import { stopwatchOf } from '../../tasks/stopwatch.ts'
import { givenBack } from '../../engine/rules.ts'
import { applyChange } from './change.ts'
import { settle } from './settle.ts'
import { openTasks, type MemoryState } from '../state.ts'
import { MemoryClaim, type MemoryTask } from './task.ts'

/** Runs one attempt of a task that was claimed. `told` hears how it ended, unless the task was given back. */
export function start(
  state: MemoryState,
  task: MemoryTask,
  signal: AbortSignal = state.closing.signal,
  told?: (outcome: Outcome) => void,
): void {
  const { consumer } = state
  task.state = 'running'
  task.attempt++
  claimedRoom.take(task.owner.weight)
  const claim = new MemoryClaim(task, consumer)
  task.claim = claim
  const outcome = consumer.run(claim, signal)
  if (isPromise(outcome)) endLater(state, task, claim, signal, told, outcome)
  else end(state, task, claim, signal, told, outcome)
}

// A function of its own: V8 would make room for what its closure sees at each run, also of a handler that ends at once.
function endLater(
  state: MemoryState,
  task: MemoryTask,
  claim: MemoryClaim,
  signal: AbortSignal,
  told: ((outcome: Outcome) => void) | undefined,
  outcome: Promise<Outcome>,
): void {
  void outcome.then((reported) => end(state, task, claim, signal, told, reported))
}

function end(
  state: MemoryState,
  task: MemoryTask,
  claim: MemoryClaim,
  signal: AbortSignal,
  told: ((outcome: Outcome) => void) | undefined,
  reported: Outcome,
): void {
  const { consumer } = claim
  claimedRoom.give(task.owner.weight)
  const { startedAt, started } = claim
  const ran: Ran = { startedAt, duration: stopwatchOf(consumer)() - started }
  if (task.claim !== claim) return consumer.settled(claim, reported, false, ran)
  // A handler that fails after the abort gives its task back: neither closing nor a deadline uses up an attempt.
  const cut = signal.aborted && reported.kind !== 'done'
  const ended: Outcome = cut ? { kind: 'postpone', at: consumer.now() } : reported
  settle(state, task, claim, ended, ran)
  told?.(ended)
}

/** Claims no more, and aborts the signal of the running attempts. */
export function abort(state: MemoryState): void {
  state.lanes.stop()
  state.closing.abort(new Error('the receiver was closed'))
  for (const task of openTasks(state)) clearTimeout(task.timer)
}

/** Makes all running tasks pending. */
export function giveBackAll(state: MemoryState): void {
  for (const task of openTasks(state)) giveBack(state, task)
}

/** Makes a running task pending as it was claimed. Its outcome is refused from now on. */
export function giveBack(state: MemoryState, task: MemoryTask): void {
  if (task.state !== 'running') return
  task.claim = undefined
  const { attempt } = task
  applyChange(state, task, givenBack({ attempt, cut: 0 }).change, state.consumer.now())
  state.lanes.ended(task, false)
  state.lanes.ready(task)
  firstEnded(task)
}

/** Tells who waits for the first attempt. */
export function firstEnded(task: MemoryTask): void {
  task.firstEnd?.()
  task.firstEnd = undefined
}
