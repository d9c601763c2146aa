import { PENDING, STATES } from '../../engine/row.ts'
import type { TaskChange } from '../../engine/patch.ts'
import type { MemoryState } from '../state.ts'
import type { MemoryTask } from './task.ts'

/** Makes of a task what a rule says. `now` is in milliseconds since 1970. */
export function applyChange(
  { store }: MemoryState,
  task: MemoryTask,
  { state, attempt, error, wait }: TaskChange,
  now: number,
): void {
  store.version++
  // A task that is gone is kept no more than one that is done.
  task.state = STATES[state] ?? 'done'
  if (attempt !== undefined) task.attempt = attempt
  if (error !== undefined) task.error = error ?? undefined
  if (state === PENDING && wait !== undefined) task.due = now + wait
}
