import { RegistrarError } from '../errors.ts'

export type Fields = Readonly<Record<string, unknown>>

/** A list of objects. Throws `unexpected` for any other value. */
export function rows(value: unknown, what: string): readonly Fields[] {
  if (Array.isArray(value)) return value.map(row)
  throw new RegistrarError('unexpected', `${what}: the answer holds no list`)
}

/** An object; an empty one in place of any other value. */
export function row(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {}
}

/** The parameters of the link to the next page. Its host is ignored: the token must not go to another host. */
export function linkQuery(link: unknown, what: string): URLSearchParams {
  const url = asText(link)
  if (URL.canParse(url)) return new URL(url).searchParams
  throw new RegistrarError('unexpected', `${what}: the link to the next page must be a URL`)
}

/** A string or a number as a string; an empty one in place of any other value. */
export function asText(value: unknown): string {
  return ['string', 'number', 'bigint'].includes(typeof value) ? String(value) : ''
}

/** A time of ISO 8601, in milliseconds since 1970. NaN for any other text, in which `Date.parse` may find a year. */
export function time(value: unknown): number {
  const given = asText(value)
  return /^\d{4}-\d\d-\d\d[T ]\d\d:/.test(given) ? Date.parse(given) : Number.NaN
}

/** The strings of a list. */
export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(asText) : []
}

/** The id of a new endpoint. Throws `unexpected` without one, because nothing could find the endpoint again. */
export function endpointId(value: unknown, what: string): string {
  const id = asText(value)
  if (id === '') throw new RegistrarError('unexpected', `${what}: the answer holds no id`)
  return id
}
