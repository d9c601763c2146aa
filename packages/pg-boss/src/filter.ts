import { where, type Columns, type TaskFilter, type TaskState } from '@postern/core/inbox'
import { storable } from './encode.ts'
import { eventIdOf, isId } from './ids.ts'

/** A filter as SQL over `job j`, `postern_events e` and `postern_lanes l`. */
export interface Where {
  readonly sql: string
  readonly values: readonly (string | number)[]
}

// pg-boss's states, in its order. A job that was cancelled in its dashboard counts as dead.
const STATES: Readonly<Record<TaskState, string>> = {
  pending: "j.state < 'active'",
  running: "j.state = 'active'",
  done: "j.state = 'completed'",
  dead: "j.state > 'completed'",
}

/** Tasks that have a cause, in the words of the index on it. */
export const FAILING = "j.output IS NOT NULL AND (j.state = 'retry' OR j.state > 'completed')"

// The last code point: each string with a prefix sorts below the prefix plus this character.
const LAST = '\u{10ffff}'
// Characters of ids and topics that are indexed.
const INDEXED = 100

/** Our name of a state of pg-boss. */
export function stateOf(state: string): TaskState {
  if (state === 'created' || state === 'retry') return 'pending'
  if (state === 'active') return 'running'
  return state === 'completed' ? 'done' : 'dead'
}

/**
 * A filter in two parts: conditions on events and on tasks; `?` stands for each value. `text` is left out: the list
 * applies it. Throws a `TypeError` for an unknown key.
 */
export function conditions(
  filter: TaskFilter,
  receivers: readonly string[],
): { readonly event: Where; readonly task: Where } {
  const columns = columnsOf(filter, receivers)
  const { topic, eventId, keys, provider, before, after, text: _, ...task } = filter
  const event = Object.entries({ topic, eventId, keys, provider, before, after }).filter(
    ([, value]) => value !== undefined,
  )
  const { receiver } = filter
  return {
    event: where(
      Object.fromEntries(event),
      columns,
      receiver === undefined ? [] : [['e.receiver = ?', receiver]],
    ),
    task: where(task, columns),
  }
}

/** Writes `$1`, `$2` … for the `?` of a statement. */
export function numbered(sql: string): string {
  let count = 0
  return sql.replaceAll('?', () => `$${++count}`)
}

function columnsOf(filter: TaskFilter, receivers: readonly string[]): Columns {
  return {
    receiver: 'l.receiver = ?',
    subscription: 'l.subscription = ?',
    part: (part) =>
      part === '' ? "j.data->>'part' IS NULL" : ["j.data->>'part' = ?", JSON.stringify(part)],
    provider: 'e.provider = ?',
    state: (state) => STATES[state],
    topic: ({ exact, prefix, source }) => {
      const indexed = 'left(e.topic, 100) COLLATE "C"'
      if (exact !== undefined)
        return [
          `${indexed} = ? AND e.topic = ?`,
          storable(exact).slice(0, INDEXED),
          storable(exact),
        ]
      const start = storable(prefix).slice(0, INDEXED)
      const matching = ['e.topic ~ ?', storable(source)] as const
      if (start === '') return matching
      return [
        `${indexed} >= ? AND ${indexed} < ? AND ${matching[0]}`,
        start,
        start + LAST,
        matching[1],
      ]
    },
    eventId: (id) => [
      'left(e.event_id, 100) = left(?, 100) AND e.event_id = ?',
      storable(id),
      storable(id),
    ],
    keys: (keys) => {
      const scopes = filter.receiver === undefined ? receivers : [filter.receiver]
      const ids = scopes.flatMap((receiver) => keys.map((key) => eventIdOf(receiver, key)))
      return ['e.id = ANY(?::uuid[])', `{${ids.join(',')}}`]
    },
    id: (id) => (isId(id) ? ['j.id = ?::uuid', id] : 'false'),
    cause: (cause) => [`j.output->>'cause' = ? AND ${FAILING}`, cause],
    text: '? IS NOT NULL',
    before: 'e.received < ?::float8',
    after: 'e.received > ?::float8',
  }
}
