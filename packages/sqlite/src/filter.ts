import type { TaskFilter } from '@postern/core/inbox'
import { STATES } from './tally.ts'

/** A filter as SQL over `postern_tasks t`, `postern_events e`, `postern_lanes l` and `postern_receivers r`. */
export interface Where {
  readonly sql: string
  readonly values: readonly (string | number)[]
}

/** Translates a filter. An id that is none of this inbox matches nothing. */
export function where(
  filter: TaskFilter,
  more: readonly (readonly [string, string | number])[] = [],
): Where {
  const conditions: (readonly [string, string | number])[] = [...more]
  if (filter.receiver !== undefined) conditions.push(['r.name = ?', filter.receiver])
  if (filter.subscription !== undefined) conditions.push(['l.name = ?', filter.subscription])
  // Written out, so that the partial indexes apply.
  if (filter.state !== undefined)
    conditions.push([`t.state = ${STATES.indexOf(filter.state)} AND 1 = ?`, 1])
  if (filter.topic !== undefined) conditions.push(['e.topic = ?', filter.topic])
  if (filter.eventId !== undefined) conditions.push(['e.event_id = ?', filter.eventId])
  if (filter.id !== undefined)
    conditions.push(['t.id = ?', /^[1-9]\d{0,15}$/.test(filter.id) ? Number(filter.id) : -1])
  if (filter.before !== undefined) conditions.push(['e.received < ?', filter.before])
  if (filter.after !== undefined) conditions.push(['e.received > ?', filter.after])
  return {
    sql: conditions.map(([sql]) => sql).join(' AND ') || '1',
    values: conditions.map(([, value]) => value),
  }
}
