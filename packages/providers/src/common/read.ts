import { WebhookError, type Delivery } from '@postern/core'
import { parseJson } from '@postern/core/internal'
import type { EventDraft, ParsedBody } from '@postern/core/scheme'

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

export function text(value: unknown, name: string): string | undefined {
  const found = field(value, name)
  return typeof found === 'string' && found !== '' ? found : undefined
}

/** Returns a required member, by default the topic. Throws a `WebhookError` that has the member's name. */
export function needed(
  value: unknown,
  name: string,
  code: 'missing_topic' | 'missing_event_id' | 'malformed_event' = 'missing_topic',
): string {
  const found = text(value, name)
  if (found === undefined) throw new WebhookError(code, { problem: 'missing', field: name })
  return found
}

export function readsAsForm(delivery: Delivery): boolean {
  return delivery.format === 'form'
}

/** Parses the JSON in a field of a form, within the limits of the delivery. */
export function jsonField(delivery: Delivery, { value, exact }: ParsedBody, name: string): unknown {
  return parseJson(text(value, name) ?? '', {
    depth: delivery.limits.depth,
    exact: exact === true,
  })
}

/** Returns the value at a path such as `data.list`. For an empty path, returns `value` itself. */
export function at(value: unknown, path: string): unknown {
  let found = value
  if (path !== '') for (const name of path.split('.')) found = field(found, name)
  return found
}

/**
 * Returns the member at a path such as `data.id` as text, if the member is a non-empty string or a number. For a number
 * that may have lost digits, returns undefined.
 */
export function member(value: unknown, path: string): string | undefined {
  const found = at(value, path)
  if (typeof found === 'string') return found === '' ? undefined : found
  if (typeof found === 'bigint') return String(found)
  const lossless = !Number.isInteger(found) || Number.isSafeInteger(found)
  return typeof found === 'number' && lossless ? String(found) : undefined
}

/** Returns a query parameter or a form field that must be present exactly once. Throws a `WebhookError` otherwise. */
export function single(
  fields: URLSearchParams,
  name: string,
  at: { readonly parameter: string } | { readonly field: string },
): string {
  const [value, ...more] = fields.getAll(name)
  if (!value)
    throw new WebhookError('missing_header', {
      problem: value === undefined ? 'missing' : 'blank',
      ...at,
    })
  if (more.length > 0)
    throw new WebhookError('malformed_header', {
      problem: 'repeated',
      ...at,
      got: more.length + 1,
    })
  return value
}

/** Returns the topic in the signed body, or else in an unsigned header. Throws `malformed_event` if the two differ. */
export function agreedTopic(
  signed: string | undefined,
  delivery: Delivery,
  header: string,
): string {
  const said = delivery.header(header) || undefined
  if (signed !== undefined && said !== undefined && said !== signed)
    throw new WebhookError('malformed_event', {
      problem: 'contradicts',
      header,
      expected: 'the body',
    })
  return signed ?? said ?? ''
}

/** Returns the topic `type.name`, with the alias `type`. Without a name, returns the topic `type`. */
export function narrowed(
  type: string,
  name: string | undefined,
): Pick<EventDraft, 'topic' | 'aliases'> {
  return name === undefined ? { topic: type } : { topic: `${type}.${name}`, aliases: [type] }
}

export function items(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name)
  if (!Array.isArray(found))
    throw new WebhookError('malformed_event', {
      problem: 'missing',
      field: name,
      expected: 'an array',
    })
  return found
}
