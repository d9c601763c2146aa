import { claimed as memory } from '../../../basics/room.ts'
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
  const claim = new MemoryClaim(task)
  task.claim = claim
  const { weight } = task.owner
  memory.take(weight)
  const startedAt = consumer.now()
  const stopwatch = stopwatchOf(consumer)
  const started = stopwatch()
  const outcome = consumer.run(claim, signal)
  if (isPromise(outcome)) void outcome.then(end)
  else end(outcome)

  function end(reported: Outcome): void {
    memory.give(weight)
    const ran: Ran = { startedAt, duration: stopwatch() - started }
    if (task.claim !== claim) return consumer.settled(claim, reported, false, ran)
    // A handler that fails after the abort gives its task back: neither closing nor a deadline uses up an attempt.
    const cut = signal.aborted && reported.kind !== 'done'
    const ended: Outcome = cut ? { kind: 'postpone', at: consumer.now() } : reported
    settle(state, task, claim, ended, ran)
    told?.(ended)
  }
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
