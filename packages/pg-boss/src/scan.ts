import type { TaskFilter } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import type { PgExecutor } from './pg.ts'
import { createEventScan } from './scan-events.ts'
import { createJobScan } from './scan-jobs.ts'

/** A task that matches a filter, and its place. */
export interface Found {
  /** Name of its queue. */
  readonly name: string
  readonly id: string
  /** Cursor of the walk behind it. */
  readonly place: string
}

/** Part of a walk. */
export interface Scanned {
  readonly tasks: readonly Found[]
  /** Where the next part begins; undefined at the end. */
  readonly cursor: string | undefined
  /** How far it went, in milliseconds since 1970; undefined if there was nothing. */
  readonly to: number | undefined
}

/** How a walk goes on. */
export interface ScanOptions {
  readonly cursor: string | undefined
  /** Events or jobs to look at. */
  readonly rows: number
  /** Oldest first. */
  readonly ascending: boolean
}

/** Walks the tasks of a filter, a part at a time. It ignores the filter's `text`. */
export type Scan = (
  client: PgExecutor,
  filter: TaskFilter,
  options: ScanOptions,
) => Promise<Scanned>

/**
 * Makes it. Failed tasks are few beside the done ones, so that their jobs lead to events; so are those that are open,
 * unless there is a backlog. Else events lead to jobs.
 */
export function createScan(engine: Engine): Scan {
  const jobs = createJobScan(engine)
  const events = createEventScan(engine)
  return async (client, filter, options) => {
    if (options.cursor?.startsWith('e') || isLookedUp(filter))
      return events(client, filter, options)
    const found =
      isFailing(filter) || isOpen(filter) ? await jobs(client, filter, options) : undefined
    return found ?? events(client, filter, options)
  }
}

/** Receivers whose queues are known. */
export function receiversOf({ queues }: Engine): readonly string[] {
  return [...new Set(queues.all().map((queue) => queue.receiver))]
}

/** True if an index on events finds few tasks at once. */
function isLookedUp({ eventId, keys, id }: TaskFilter): boolean {
  return (eventId ?? keys ?? id) !== undefined
}

function isFailing({ state, cause }: TaskFilter): boolean {
  return state === 'dead' || cause !== undefined
}

/** True for tasks that wait or run. */
export function isOpen({ state, cause }: TaskFilter): boolean {
  return (state === 'pending' || state === 'running') && cause === undefined
}
