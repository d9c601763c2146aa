import { mergeDeep, stringifyJson, type Draft } from '@postern/core/scheme'
import type { GenericPlaces } from './generic-events.ts'

/** Puts id, topic and payload into the places that the options name, for `sign`. */
export function composeGeneric(
  { topic, id, method, url, payload }: Draft,
  options: GenericPlaces,
): { headers: Record<string, string>; url?: string; body?: string } {
  const headers: Record<string, string> = {}
  let fields: object = {}
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
    else if (path !== undefined) {
      const paths = [path].flat()
      for (const [at, part] of divided(value, between, paths.length).entries())
        fields = mergeDeep(fields, nested(paths[at]!, part))
    }
  }
  put(id, [options.eventIdHeader, options.eventIdQuery], options.eventIdField, ':')
  if (typeof options.topic !== 'string')
    put(topic, [options.topicHeader, options.topicQuery], options.topicField ?? 'type', '.')
  if (method === 'GET' || method === 'HEAD') {
    for (const [name, value] of Object.entries(mergeDeep(fields, payload)))
      target.searchParams.set(name, String(value))
    return { headers, url: target.href, body: '' }
  }
  const event = mergeDeep(fields, payload)
  const body = options.itemsField === undefined ? event : nested(options.itemsField, [event])
  return { headers, url: target.href, body: stringifyJson(body) }
}

/** A value at a path: `data.id` in objects, `notifications.0.trigger` in a list of one. */
function nested(path: string, value: unknown): object {
  const names = path === '' ? [] : path.split('.')
  return names.reduceRight<unknown>(
    (inner, name) => (name === '0' ? [inner] : { [name]: inner }),
    value,
  ) as object
}

// The last part takes all that is left.
function divided(value: string, between: string, count: number): readonly string[] {
  const parts = value.split(between)
  return [...parts.slice(0, count - 1), parts.slice(count - 1).join(between)]
}
