import { RegistrarError } from '../errors.ts'

export type Fields = Readonly<Record<string, unknown>>

/** Returns a list of objects. Throws `unexpected` for any other value. */
export function rows(value: unknown, what: string): readonly Fields[] {
  if (Array.isArray(value)) return value.map(row)
  throw new RegistrarError('unexpected', `${what}: the answer holds no list`)
}

/** Returns an object, or an empty object in place of any other value. */
export function row(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {}
}

/** Returns the member at a path such as `meta.page.next`, or undefined. For an empty path, returns `value` itself. */
export function memberIn(value: unknown, path: string): unknown {
  return path === ''
    ? value
    : path.split('.').reduce<unknown>((inner, name) => row(inner)[name], value)
}

/**
 * Returns the query parameters of the link to the next page. The link's host is ignored, because the token must not go
 * to another host.
 */
export function linkQuery(link: unknown, what: string): URLSearchParams {
  const url = asText(link)
  if (URL.canParse(url)) return new URL(url).searchParams
  throw new RegistrarError('unexpected', `${what}: the link to the next page must be a URL`)
}

/** Returns a string or a number as a string, or an empty string in place of any other value. */
export function asText(value: unknown): string {
  return ['string', 'number', 'bigint'].includes(typeof value) ? String(value) : ''
}

/**
 * Returns an ISO 8601 time in milliseconds since 1970, or NaN for any other text. `Date.parse` alone would find a year
 * in some other texts.
 */
export function time(value: unknown): number {
  const given = asText(value)
  return /^\d{4}-\d\d-\d\d[T ]\d\d:/.test(given) ? Date.parse(given) : Number.NaN
}

/** Error of a list that has an entry without a time. */
export class TimelessError extends RegistrarError {}

/**
 * Returns a time that an API gave, in milliseconds since 1970. Throws `unexpected` for NaN, because an entry with NaN
 * would pass every check of the range.
 */
export function finite(at: number, sender: string, id: string): number {
  if (Number.isFinite(at)) return at
  throw new TimelessError('unexpected', `${sender}: the event ${id.slice(0, 100)} has no time`)
}

/** Returns true for the status of a delivery that the endpoint accepted. */
export function isSuccess(status: unknown): boolean {
  return Number(status) >= 200 && Number(status) < 300
}

/** Returns the items of a list as strings, or an empty list in place of any other value. */
export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(asText) : []
}

/**
 * Returns the id of a new endpoint. Throws `unexpected` if there is none, because the endpoint could not be found again
 * without an id.
 */
export function endpointId(value: unknown, what: string): string {
  const id = asText(value)
  if (id === '') throw new RegistrarError('unexpected', `${what}: the answer holds no id`)
  return id
}
