import { checkPattern, topicSource } from '../../../subscribe/topics.ts'
import { unknownOptions } from '../../../basics/unknown-options.ts'
import type { Arrival, DeliveryFilter } from '../../journal.ts'

const KEYS: readonly (keyof DeliveryFilter)[] = [
  'receiver',
  'provider',
  'outcome',
  'code',
  'eventId',
  'topic',
  'text',
  'since',
  'until',
  'limit',
  'cursor',
  'budget',
]
const OUTCOMES = ['accepted', 'duplicate', 'handshake', 'unhandled', 'rejected']
const MOST_ROWS = 1000

interface DeliveryPage {
  readonly limit: number
  readonly cursor: string | undefined
  /** Maximum time of a search, in milliseconds. */
  readonly budget: number
}

/**
 * Checks a filter, and returns its limit, cursor and budget. Throws a `TypeError` for an unknown key or an impossible
 * value.
 */
export function checkDeliveryFilter(filter: DeliveryFilter): DeliveryPage {
  unknownOptions('filter', filter, KEYS)
  const { outcome, topic, limit = 50, cursor, budget = 500 } = filter
  for (const one of typeof outcome === 'string' ? [outcome] : (outcome ?? []))
    if (!OUTCOMES.includes(one))
      throw new TypeError(
        `filter: outcome must be one of ${OUTCOMES.join(', ')}, got ${JSON.stringify(one)}`,
      )
  if (topic !== undefined) checkPattern(topic)
  if (!(Number.isSafeInteger(limit) && limit >= 1))
    throw new TypeError(`filter: limit must be a whole number from 1 and up, got ${String(limit)}`)
  for (const name of ['since', 'until'] as const)
    if (filter[name] !== undefined && !Number.isFinite(filter[name]))
      throw new TypeError(
        `filter: ${name} must be milliseconds since 1970, got ${String(filter[name])}`,
      )
  return { limit: Math.min(limit, MOST_ROWS), cursor, budget }
}

/**
 * Returns a function that tells whether a delivery matches, for a journal that reads through its rows.
 *
 * @example
 * const { limit, cursor, budget } = checkDeliveryFilter(filter)
 * const rows = newestFirst.filter(matchesDelivery(filter)).slice(0, limit)
 */
export function matchesDelivery(filter: DeliveryFilter): (arrival: Arrival) => boolean {
  const { receiver, provider, code, eventId, since = -Infinity, until = Infinity } = filter
  const outcomes = typeof filter.outcome === 'string' ? [filter.outcome] : filter.outcome
  const topic = filter.topic === undefined ? undefined : new RegExp(topicSource(filter.topic), 's')
  const text = filter.text?.toLowerCase()
  return (arrival) =>
    (receiver === undefined || receiver === arrival.receiver) &&
    (provider === undefined || provider === arrival.provider) &&
    (outcomes === undefined || outcomes.includes(arrival.outcome)) &&
    (code === undefined || code === arrival.code) &&
    (eventId === undefined || arrival.ids.includes(eventId)) &&
    (topic === undefined || arrival.topics.some((one) => topic.test(one))) &&
    arrival.at >= since &&
    arrival.at < until &&
    (text === undefined || has(arrival, text))
}

function has({ reason = '', claims = '', ids, topics, path }: Arrival, text: string): boolean {
  return [reason, claims, path, ...ids, ...topics].some((one) => one.toLowerCase().includes(text))
}
