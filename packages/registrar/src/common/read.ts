import { RegistrarError } from '../errors.ts'

export type Fields = Readonly<Record<string, unknown>>

export function rows(value: unknown, what: string): readonly Fields[] {
  if (Array.isArray(value)) return value.map(row)
  throw new RegistrarError('unexpected', `${what}: the response of the sender has no list`)
}

export function row(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {}
}

/** Returns the member at a path such as `meta.page.next`. For an empty path, returns `value`. */
export function memberIn(value: unknown, path: string): unknown {
  return path === ''
    ? value
    : path.split('.').reduce<unknown>((inner, name) => row(inner)[name], value)
}

/** Returns the query of a link. Requests use only this query, since the token must not go to another host. */
export function linkQuery(link: unknown, what: string): URLSearchParams {
  const url = asText(link)
  if (URL.canParse(url)) return new URL(url).searchParams
  throw new RegistrarError('unexpected', `${what}: the link to the next page must be a URL`)
}

export function asText(value: unknown): string {
  return ['string', 'number', 'bigint'].includes(typeof value) ? String(value) : ''
}

/** Returns milliseconds since 1970, or NaN if the text is not an ISO 8601 time. `Date.parse` accepts more texts. */
export function time(value: unknown): number {
  const given = asText(value)
  return /^\d{4}-\d\d-\d\d[T ]\d\d:/.test(given) ? Date.parse(given) : Number.NaN
}

/** Error for a list that has an entry without a time. */
export class TimelessError extends RegistrarError {}

/** Throws `unexpected` for NaN, because NaN would pass every check of the range. */
export function finite(at: number, sender: string, id: string): number {
  if (Number.isFinite(at)) return at
  throw new TimelessError('unexpected', `${sender}: the event ${id.slice(0, 100)} has no time`)
}

/** Returns true for 2xx. The status may be a number or its text. */
export function isSuccess(status: unknown): boolean {
  return Number(status) >= 200 && Number(status) < 300
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(asText) : []
}

/** Throws `unexpected` if there is no id, because the endpoint could not be found again. */
export function endpointId(value: unknown, what: string): string {
  const id = asText(value)
  if (id === '')
    throw new RegistrarError('unexpected', `${what}: the response of the sender has no id`)
  return id
}
