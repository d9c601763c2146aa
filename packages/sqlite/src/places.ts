/** A place in the list of tasks, newest event first: later places are older. */
export interface Place {
  readonly event: number
  readonly task: number
}

/** Where the list begins. */
const NEWEST: Place = { event: Number.MAX_SAFE_INTEGER, task: Number.MAX_SAFE_INTEGER }

/** True if one comes before the other in the list. */
export function isBefore(one: Place, other: Place): boolean {
  return one.event > other.event || (one.event === other.event && one.task > other.task)
}

/** The order of the list. */
export function inListOrder(one: Place, other: Place): number {
  return other.event - one.event || other.task - one.task
}

/** The place of a cursor. Throws a `TypeError` for a string that is not a cursor. */
export function placeOf(cursor: string | undefined): Place {
  if (cursor === undefined) return NEWEST
  const match = /^(\d{1,16})\.(\d{1,16})$/.exec(cursor)
  if (!match) throw new TypeError(`cursor: must be the cursor of a page, got ${cursor}`)
  return { event: Number(match[1]), task: Number(match[2]) }
}

/** A place as the cursor of a page. */
export function cursorOf({ event, task }: Place): string {
  return `${event}.${task}`
}
