import { mergeDeep, stringifyJson, type Draft } from '@postern/core/scheme'
import { nested, placedAt } from '../../common/paths.ts'
import type { GenericPlaces } from './events.ts'

/** What a delivery that is made has beside id and topic. */
export interface ComposedPlaces {
  /** Members of every event. @default none */
  readonly sample?: object
  /** Member of the body that the payload of a draft is. @default the body itself */
  readonly inner?: string
}

/** Puts id, topic and payload into the places that the options name, for `sign`. */
export function composeGeneric(
  { topic, id, method, url, payload }: Draft,
  options: GenericPlaces & ComposedPlaces,
): { headers: Record<string, string>; url?: string; body?: string } {
  const headers: Record<string, string> = {}
  let fields: object = options.sample ?? {}
  const target = new URL(url ?? 'https://example.com/webhooks')
  const put = (
    value: string | undefined,
    [header, query]: readonly [string | undefined, string | undefined],
    path: string | readonly string[] | undefined,
    between: string,
  ): void => {
    if (value === undefined) return
    if (header !== undefined) headers[header.toLowerCase()] = value
    else if (query !== undefined) target.searchParams.set(query, value)
    else if (path !== undefined) fields = mergeDeep(fields, placedAt(value, path, between))
  }
  put(id, [options.eventIdHeader, options.eventIdQuery], options.eventIdField, ':')
  if (typeof options.topic !== 'string')
    put(topic, [options.topicHeader, options.topicQuery], options.topicField ?? 'type', '.')
  if (method === 'GET' || method === 'HEAD') {
    for (const [name, value] of Object.entries(mergeDeep(fields, payload)))
      target.searchParams.set(name, String(value))
    return { headers, url: target.href, body: '' }
  }
  const isInner = options.inner !== undefined && payload !== undefined
  const event = mergeDeep(fields, isInner ? { [options.inner]: payload } : payload)
  const body = options.itemsField === undefined ? event : nested(options.itemsField, [event])
  return { headers, url: target.href, body: stringifyJson(body) }
}
