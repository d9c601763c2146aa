import { checkPattern, topicSource } from '../../../subscribe/topics.ts'
import { unknownOptions } from '../../../basics/unknown-options.ts'
import { STATES } from '../row.ts'
import type { TaskFilter, TaskInfo } from '../../view.ts'

export interface TopicMatch {
  /** The topic, if the pattern has no wildcard. */
  readonly exact: string | undefined
  /** The prefix that all matching topics have in common. */
  readonly prefix: string
  /** Source of a regular expression that works in JavaScript and PostgreSQL. */
  readonly source: string
}

const KEYS: readonly (keyof TaskFilter)[] = [
  'receiver',
  'subscription',
  'part',
  'provider',
  'state',
  'topic',
  'eventId',
  'keys',
  'id',
  'cause',
  'text',
  'before',
  'after',
]
const MOST_KEYS = 100

function checkFilter(filter: TaskFilter, what = 'filter'): void {
  unknownOptions(what, filter, KEYS)
  const { state, topic, keys } = filter
  if (state !== undefined && !STATES.includes(state))
    throw new TypeError(
      `${what}: state must be one of ${STATES.join(', ')}, got ${JSON.stringify(state)}`,
    )
  if (topic !== undefined) checkPattern(topic)
  if (keys !== undefined && !(Array.isArray(keys) && keys.length <= MOST_KEYS))
    throw new TypeError(`${what}: keys must be an array of at most ${MOST_KEYS} event keys`)
  for (const name of ['before', 'after'] as const)
    if (filter[name] !== undefined && !Number.isFinite(filter[name]))
      throw new TypeError(
        `${what}: ${name} must be milliseconds since 1970, got ${String(filter[name])}`,
      )
}

/**
 * Checks the filter of a change. Rejects keys without a value, an empty `text`, and inherited keys. Such keys restrict
 * nothing, so the change would apply to all tasks.
 */
export function checkChange(what: string, filter: TaskFilter): void {
  if (typeof filter !== 'object' || filter === null)
    throw new TypeError(
      `${what}: filter must be an object, got ${String(filter)}; give {} for all tasks`,
    )
  // `for in` also finds inherited keys. Inherited keys are rejected, since a copy of the filter would lose them.
  for (const key in filter) {
    const value: unknown = Object.hasOwn(filter, key) ? filter[key as keyof TaskFilter] : undefined
    if (value === undefined || value === null || (key === 'text' && value === ''))
      throw new TypeError(
        `${what}: ${key} must have a value, got ${value === '' ? "''" : String(value)}; leave it out to match all`,
      )
  }
  checkFilter(filter, what)
}

/**
 * Returns a function that tells whether a task matches. It calls `payload` only if the filter's `text` is neither in
 * the event's id nor in its topic.
 */
export function matches(filter: TaskFilter): (task: TaskInfo, payload?: () => unknown) => boolean {
  checkFilter(filter)
  const topic = filter.topic === undefined ? undefined : new RegExp(topicSource(filter.topic), 's')
  const text = filter.text?.toLowerCase()
  const keys = filter.keys && new Set(filter.keys)
  return (task, payload) =>
    (filter.receiver === undefined || filter.receiver === task.receiver) &&
    (filter.subscription === undefined || filter.subscription === task.subscription) &&
    (filter.part === undefined || filter.part === (task.part ?? '')) &&
    (filter.provider === undefined || filter.provider === task.provider) &&
    (filter.state === undefined || filter.state === task.state) &&
    (filter.eventId === undefined || filter.eventId === task.event.id) &&
    (filter.id === undefined || filter.id === task.id) &&
    (filter.cause === undefined || filter.cause === task.cause) &&
    (filter.before === undefined || task.receivedAt < filter.before) &&
    (filter.after === undefined || task.receivedAt > filter.after) &&
    (keys === undefined || keys.has(task.event.key)) &&
    (topic === undefined || topic.test(task.event.topic)) &&
    (text === undefined || has(task, text, payload))
}

export function topicMatch(pattern: string): TopicMatch {
  const star = pattern.indexOf('*')
  return {
    exact: star < 0 ? pattern : undefined,
    prefix: star < 0 ? pattern : pattern.slice(0, star),
    source: topicSource(pattern),
  }
}

function has({ event }: TaskInfo, text: string, payload: (() => unknown) | undefined): boolean {
  return (
    event.id?.toLowerCase().includes(text) === true ||
    event.topic.toLowerCase().includes(text) ||
    (payload !== undefined && textOf(payload()).toLowerCase().includes(text))
  )
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return (
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)) ??
    ''
  )
}
