import { TASKS, type Place as Cursor } from '@postern/core/inbox'

/** A place in the list of tasks, newest event first: later places are older. */
export interface ListPlace {
  readonly event: number
  readonly task: number
}

/** Behind no event: where the list begins, or where the tasks of an event do. */
const FIRST_TASK: number = Number.MAX_SAFE_INTEGER

/** The place of a cursor. */
export function listPlaceOf(cursor: Cursor | undefined): ListPlace {
  return cursor ? { event: cursor[0], task: cursor[1] } : { event: FIRST_TASK, task: FIRST_TASK }
}

/** The place before all tasks of an event. */
export function beforeEvent(event: number): ListPlace {
  return { event, task: FIRST_TASK }
}

/** Tasks behind a place have lower ids. */
export function idBound({ event, task }: ListPlace): number {
  return Math.min(task, (event + 1) * TASKS)
}
