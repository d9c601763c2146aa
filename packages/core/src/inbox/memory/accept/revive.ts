import type { MemoryEvent } from './event.ts'
import { DEAD, PENDING, READY, type State } from '../../engine/row.ts'
import { revived } from '../../engine/rules.ts'
import { applyChange } from '../run/change.ts'
import { readyLater } from '../run/settle.ts'
import { taskOpened, unkept, type MemoryState } from '../state.ts'
import type { MemoryTask } from '../run/task.ts'

/** A redelivery of an event that is held: its dead tasks run from their first attempt, those that failed now. True if any. */
export function revive(state: MemoryState, owner: MemoryEvent): boolean {
  let any = false
  for (const task of owner.tasks()) {
    if (task.state === 'dead') replay(state, task)
    else if (!task.error || !hurry(state, task)) continue
    any = true
  }
  return any
}

/** Dead → pending, from the first attempt, due at a time in milliseconds since 1970. Its attempts so far are kept. */
export function replay(state: MemoryState, task: MemoryTask, due = 0): void {
  unkept(state, task)
  taskOpened(state, task)
  again(state, task, DEAD, due)
  if (task.due <= state.consumer.now()) return void state.lanes.add(task)
  state.lanes.hold(task)
  readyLater(state, task)
}

/** Makes a task that waits for its time ready now. False if it does not wait. */
export function hurry(state: MemoryState, task: MemoryTask): boolean {
  if (task.state !== 'pending' || !task.timer) return false
  again(state, task, PENDING)
  state.lanes.ready(task)
  return true
}

// In memory no process dies and leaves tasks behind, and attempts are noted when they end.
const ROW = { gate: READY, cut: 0, fair: null, line: null, took: null, error: null } as const

function again(state: MemoryState, task: MemoryTask, from: State, due = 0): void {
  const now = state.consumer.now()
  const row = { ...ROW, state: from, attempt: task.attempt, due: task.due }
  applyChange(state, task, revived(row, 'settled', Math.max(0, due - now)).change, now)
  // As it was asked for, so that those of a rate keep their distance.
  if (due > 0) task.due = due
}
