import { WebhookError, type Delivery } from '@postern/core'
import type { Covers, EventDraft, ParsedBody, Provider, Scheme, Draft } from '@postern/core/scheme'
import { at } from '../../common/read.ts'
import { membersAt, nested, placedAt } from '../../common/paths.ts'
import { mergeDeep, stringifyJson } from '@postern/core/internal'

/** Reads a value out of a verified delivery; of a list, `body` holds one event alone. */
export type Extract = (delivery: Delivery, body: ParsedBody) => string | undefined

/** Places of ids and topics, for a sender without a provider of its own. */
export interface GenericPlaces {
  /** Reads the event's id. @default the header or the member named below */
  readonly id?: Extract
  /** Header that carries the event's id. @default none */
  readonly eventIdHeader?: string
  /** Member of the body that is the event's id; dots lead into objects (`data.id`), several are joined by `:`. With several `formats` an event without it is `missing_event_id`. @default none, so that nothing is deduplicated by id */
  readonly eventIdField?: string | readonly string[]
  /** Reads the topic, or is the topic of every delivery. @default the header or the member named below */
  readonly topic?: string | Extract
  /** Header that carries the topic. @default none */
  readonly topicHeader?: string
  /** Member of the body that is the topic; dots lead into objects, several are joined by dots. An event without it is `missing_topic`. @default 'type', and `event` for what has none */
  readonly topicField?: string | readonly string[]
  /** Member of the body that holds a list of events, each with its own id and topic; '' if the body is the list. @default none */
  readonly itemsField?: string
}

/** The events of a delivery: one, or those of the list that `itemsField` names. */
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
    // A header names the delivery: each event of it needs an id of its own.
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

// A number beyond 2^53 is an id too, and must keep its last digits.
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

// A place that is named is the only one looked at: falling back to the body would mix the ids of two meanings.
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

/** What the signature protects: the id too, if it is in a signed body. */
export function genericCovers({ covers }: Pick<Scheme, 'covers'>, places: GenericPlaces): Covers {
  return covers.body === 'bytes' && places.eventIdField !== undefined
    ? { ...covers, id: true }
    : covers
}

/** The only headers that have the id and the topic. */
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

/** What a delivery that is made has next to id and topic. */
export interface ComposedPlaces {
  /** Members of every event. @default none */
  readonly sample?: object
  /** Member of the body that the payload of a draft is. @default the body itself */
  readonly inner?: string
}

/** Puts id, topic and payload into the places that the options name, for `sign`. */
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

/** The body that holds one event. */
export function genericBody(event: object, { itemsField }: GenericPlaces): string {
  return stringifyJson(itemsField === undefined ? event : nested(itemsField, [event]))
}
