import type { MemoryEvent } from './event.ts'
import { readyLater } from '../run/settle.ts'
import { taskOpened, unkept, type MemoryState } from '../state.ts'
import type { MemoryTask } from '../run/task.ts'

/** A redelivery of an event that is held: its dead tasks run from their first attempt, waiting ones now. True if any. */
export function revive(state: MemoryState, owner: MemoryEvent): boolean {
  let any = false
  for (const task of owner.tasks()) {
    if (task.state === 'dead') replay(state, task)
    else if (!hurry(state, task)) continue
    any = true
  }
  return any
}

/** Dead → pending, from the first attempt, due at a time in milliseconds since 1970. Its attempts so far are kept. */
export function replay(state: MemoryState, task: MemoryTask, due = 0): void {
  state.store.version++
  unkept(state, task)
  taskOpened(state, task)
  task.state = 'pending'
  task.attempt = 0
  task.due = due
  if (due <= state.consumer.now()) return void state.lanes.add(task)
  state.lanes.hold(task)
  readyLater(state, task)
}

/** Makes a task that waits for its time ready now. False if it does not wait. */
export function hurry(state: MemoryState, task: MemoryTask): boolean {
  if (task.state !== 'pending' || !task.timer) return false
  state.store.version++
  task.due = state.consumer.now()
  state.lanes.ready(task)
  return true
}
