import { mergeDeep, stringifyJson } from '@postern/core/internal'
import type { Draft } from '@postern/core/scheme'
import { nested, placedAt } from '../../common/paths.ts'
import type { GenericPlaces } from './events.ts'

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
