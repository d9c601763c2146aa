import type { TaskFilter, TaskState } from '@postern/core/inbox'
import { isId } from './ids.ts'

/** A filter as SQL over `job j`, `postern_events e` and `postern_lanes l`. */
export interface Where {
  readonly sql: string
  readonly values: unknown[]
}

// pg-boss's states, in its order. What somebody cancelled in its dashboard is over as a dead task is.
const STATES: Readonly<Record<TaskState, string>> = {
  pending: "j.state < 'active'",
  running: "j.state = 'active'",
  done: "j.state = 'completed'",
  dead: "j.state > 'completed'",
}

/** Our name of a state of pg-boss. */
export function stateOf(state: string): TaskState {
  if (state === 'created' || state === 'retry') return 'pending'
  if (state === 'active') return 'running'
  return state === 'completed' ? 'done' : 'dead'
}

/** Translates a filter, and where a list or a walk goes on. An id that is none of this inbox matches nothing. */
export function where(filter: TaskFilter, cursor?: string): Where {
  const values: unknown[] = []
  const conditions: string[] = []
  const add = (sql: string, ...given: unknown[]): void => {
    conditions.push(sql.replace(/\?/g, () => `$${values.push(given.shift())}`))
  }
  if (filter.receiver !== undefined) add('l.receiver = ?', filter.receiver)
  if (filter.subscription !== undefined) add('l.subscription = ?', filter.subscription)
  if (filter.state !== undefined) conditions.push(STATES[filter.state] ?? 'false')
  if (filter.topic !== undefined) add('e.topic = ?', filter.topic)
  if (filter.eventId !== undefined) add('e.event_id = ?', filter.eventId)
  if (filter.id !== undefined)
    add(isId(filter.id) ? 'j.id = ?::uuid' : '? = 0', isId(filter.id) ? filter.id : 1)
  if (filter.before !== undefined) add('e.received < ?::float8', filter.before)
  if (filter.after !== undefined) add('e.received > ?::float8', filter.after)
  const [, at, id] = /^(\d+)_([-0-9a-f]{36})$/.exec(cursor ?? '') ?? []
  // Microseconds, as PostgreSQL keeps them: a Date would round some away, and rows would come twice.
  if (at !== undefined)
    add(
      "(j.created_on, j.id) > ('epoch'::timestamptz + ?::bigint * interval '1 microsecond', ?::uuid)",
      at,
      id,
    )
  return { sql: conditions.join(' AND ') || 'true', values }
}
