import { WebhookError, type Delivery } from '@postern/core'
import type { Covers, EventDraft, ParsedBody, Provider, Scheme, Draft } from '@postern/core/scheme'
import { at } from '../../common/read.ts'
import { membersAt, nested, placedAt } from '../../common/paths.ts'
import { mergeDeep, stringifyJson } from '@postern/core/internal'

/**
 * Reads a value from a verified delivery. For a delivery with several events, the function is called once per event,
 * with the event as `body.value`.
 */
export type Extract = (delivery: Delivery, body: ParsedBody) => string | undefined

export interface GenericPlaces {
  /** Function that returns the event's id. @default reads `eventIdHeader` or `eventIdField` */
  readonly id?: Extract
  /** Name of the header with the event's id. @default none */
  readonly eventIdHeader?: string
  /**
   * Member of the body with the event's id, as a path with dots (`data.id`). If you name several members, their values
   * are joined with `:`. With several `formats`, an event without the id is rejected (`missing_event_id`). @default
   * none, so events are not deduplicated by id
   */
  readonly eventIdField?: string | readonly string[]
  /** The topic of every delivery, or a function that returns the topic. @default reads `topicHeader` or `topicField` */
  readonly topic?: string | Extract
  /** Name of the header with the topic. @default none */
  readonly topicHeader?: string
  /**
   * Member of the body with the topic, as a path with dots. If you name several members, their values are joined with
   * dots. An event without the topic is rejected (`missing_topic`). @default 'type'. An event without `type` has the
   * topic `event`
   */
  readonly topicField?: string | readonly string[]
  /**
   * Member of the body with a list of events, each with its own id and topic. Use '' if the body itself is the list.
   * @default none
   */
  readonly itemsField?: string
}

export function genericEvents(
  delivery: Delivery,
  body: ParsedBody,
  options: GenericPlaces,
): readonly EventDraft[] {
  const { itemsField } = options
  if (itemsField === undefined) return [eventOf(options, delivery, body, exactOf(delivery, body))]
  const exact = at(exactOf(delivery, body), itemsField)
  return listOf(at(body.value, itemsField), itemsField).map((value, index) => {
    const own = Array.isArray(exact) ? (exact[index] as unknown) : value
    const event = eventOf(options, delivery, { ...body, value }, own)
    // The header has one id for the whole delivery, but each event needs its own id. So `:1`, `:2` … is added to the id
    // of each event after the first.
    const isShared = options.eventIdHeader !== undefined && event.id !== undefined && index > 0
    return isShared ? { ...event, id: `${event.id}:${index}` } : event
  })
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new WebhookError(
    'malformed_event',
    path === ''
      ? { problem: 'no_event', expected: 'a list of events' }
      : { problem: 'malformed', field: path, expected: 'a list of events' },
  )
}

// Ids may be numbers above 2^53, so integers stay exact.
function exactOf(delivery: Delivery, { kind, value }: ParsedBody): unknown {
  return kind === 'json' ? delivery.json('exact') : value
}

function eventOf(
  options: GenericPlaces,
  delivery: Delivery,
  body: ParsedBody,
  exact: unknown,
): EventDraft {
  const { topic, id, topicHeader, topicField, eventIdHeader } = options
  const found =
    typeof topic === 'function'
      ? topic(delivery, body)
      : (topic ?? extract(delivery, exact, topicHeader, topicField ?? 'type', '.'))
  if (found === undefined && topicField !== undefined)
    throw new WebhookError('missing_topic', {
      problem: 'missing',
      field: [topicField].flat().join(),
      option: 'topicField',
    })
  const own = id
    ? id(delivery, body)
    : extract(delivery, exact, eventIdHeader, options.eventIdField, ':')
  const other = typeof topic === 'function' ? '' : 'event'
  return { id: own || undefined, topic: found ?? other, payload: body.value }
}

// Reads the header if the options name a header; otherwise reads the body. The body does not replace a missing header,
// because one event could then get two different ids.
function extract(
  delivery: Delivery,
  exact: unknown,
  header: string | undefined,
  path: string | readonly string[] | undefined,
  between: string,
): string | undefined {
  if (header !== undefined) return delivery.header(header) || undefined
  return path === undefined ? undefined : membersAt(exact, path, between)
}

/** Returns what the signature protects. An id in a signed body is protected too. */
export function genericCovers({ covers }: Pick<Scheme, 'covers'>, places: GenericPlaces): Covers {
  return covers.body === 'bytes' && places.eventIdField !== undefined
    ? { ...covers, id: true }
    : covers
}

export function genericHeaders({
  topic,
  topicHeader,
  eventIdHeader,
}: GenericPlaces): Pick<Provider, 'claims' | 'topicHeader'> {
  return {
    ...(eventIdHeader !== undefined && { claims: eventIdHeader.toLowerCase() }),
    ...(topicHeader !== undefined &&
      typeof topic !== 'string' && { topicHeader: topicHeader.toLowerCase() }),
  }
}

export interface ComposedPlaces {
  /** Members that every event made by `sign` has. @default none */
  readonly sample?: object
  /** Member of the body into which `sign` puts the payload. @default the body itself */
  readonly inner?: string
}

/** Returns headers and body for a draft, with id, topic and payload in the places that the options name. */
export function composeGeneric(
  {
    topic,
    id,
    payload,
  }: Pick<Draft, 'payload'> & {
    readonly topic?: string | undefined
    readonly id?: string | undefined
  },
  options: GenericPlaces & ComposedPlaces,
): { headers: Record<string, string>; event: object } {
  const { sample = {}, inner, topicHeader, topicField = 'type' } = options
  const headers: Record<string, string> = {}
  let event: object = sample
  const put = (
    value: string | undefined,
    header: string | undefined,
    path: string | readonly string[] | undefined,
    between: string,
  ): void => {
    if (value === undefined) return
    if (header !== undefined) headers[header.toLowerCase()] = value
    else if (path !== undefined) event = mergeDeep(event, placedAt(value, path, between))
  }
  put(id, options.eventIdHeader, options.eventIdField, ':')
  if (typeof options.topic !== 'string') put(topic, topicHeader, topicField, '.')
  const isInner = inner !== undefined && payload !== undefined
  return { headers, event: mergeDeep(event, isInner ? { [inner]: payload } : payload) }
}

export function genericBody(event: object, { itemsField }: GenericPlaces): string {
  return stringifyJson(itemsField === undefined ? event : nested(itemsField, [event]))
}
