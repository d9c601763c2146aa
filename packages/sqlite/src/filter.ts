import { where, type Columns, type TaskFilter } from '@postern/core/inbox'
import { STATES } from './tally.ts'

/** A filter as SQL over {@link FROM}. */
export interface Where {
  readonly sql: string
  readonly values: readonly (string | number)[]
}

/** The tables that a filter reads. CROSS JOIN keeps tasks first, as the search has found them. */
export const FROM = `postern_tasks t CROSS JOIN postern_events e ON e.id = t.event
  CROSS JOIN postern_lanes l ON l.id = t.lane CROSS JOIN postern_receivers r ON r.id = l.receiver
  LEFT JOIN postern_deliveries d ON d.id = e.delivery`

/** The same without tasks. */
export const FROM_EVENTS = `postern_events e CROSS JOIN postern_receivers r ON r.id = e.receiver
  LEFT JOIN postern_deliveries d ON d.id = e.delivery`

// A damaged record must not hide the others.
const IN_RECORD = (path: string): string =>
  `iif(json_valid(e.record), json_extract(e.record, '${path}'), NULL)`
/** SQL for the provider of an event. */
export const PROVIDER: string = IN_RECORD('$.provider')
// The payload is in the record, or the body is the payload.
const PAYLOAD = `coalesce(${IN_RECORD('$.payload')}, CAST(coalesce(e.body, d.body) AS TEXT))`

const COLUMNS: Columns = {
  receiver: 'r.name = ?',
  subscription: 'l.name = ?',
  part: 't.part = ?',
  provider: `${PROVIDER} = ?`,
  state: (state) => ['t.state = ?', STATES.indexOf(state)],
  // The search looks at the rest of a pattern.
  topic: ({ exact, prefix }) =>
    exact === undefined ? ['instr(e.topic, ?) = 1', prefix] : ['e.topic = ?', exact],
  eventId: 'e.event_id = ?',
  keys: (keys) => ['e.key IN (SELECT value FROM json_each(?))', JSON.stringify(keys)],
  id: (id) => ['t.id = ?', numberOf(id)],
  cause: 't.cause = ?',
  text: (text) => {
    // LIKE takes patterns of 50 bytes in a Durable Object. Both know the case of ASCII letters alone.
    const small = text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
    const has = (column: string): string => `instr(lower(${column}), ?) > 0`
    return [`(${has('e.event_id')} OR ${has('e.topic')} OR ${has(PAYLOAD)})`, small, small, small]
  },
  before: 'e.received < ?',
  after: 'e.received > ?',
}

/** Translates a filter. Throws a `TypeError` for an unknown key. An id of another inbox matches nothing. */
export function conditionsOf(filter: TaskFilter): Where {
  return where(filter, COLUMNS)
}

/** The number of a task's id; -1 if the id is of another inbox. */
export function numberOf(id: string): number {
  return /^[1-9]\d{0,15}$/.test(id) ? Number(id) : -1
}
