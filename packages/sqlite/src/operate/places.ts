import { TASKS, type Place as Cursor } from '@postern/core/inbox'

/** A place in a list of tasks. */
export interface ListPlace {
  readonly event: number
  readonly task: number
}

/** Behind no event: where the list begins, or where the tasks of an event do. */
const FIRST_TASK: number = Number.MAX_SAFE_INTEGER

/** The place of a cursor, or where a list begins. */
export function listPlaceOf(cursor: Cursor | undefined, oldest: boolean): ListPlace {
  if (cursor) return { event: cursor[0], task: cursor[1] }
  return oldest ? fromEvent(0) : { event: FIRST_TASK, task: FIRST_TASK }
}

/** The place before all tasks of an event, where the oldest come first. */
export function fromEvent(event: number): ListPlace {
  return { event, task: event * TASKS - 1 }
}

/** The same where the newest come first. */
export function beforeEvent(event: number): ListPlace {
  return { event, task: FIRST_TASK }
}

/** Tasks behind a place have lower ids, where the newest come first. */
export function idBound({ event, task }: ListPlace): number {
  return Math.min(task, (event + 1) * TASKS)
}
