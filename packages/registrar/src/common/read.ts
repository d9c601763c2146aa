import { RegistrarError } from '../errors.ts'
import { parseJson, readBounded } from '@postern/core/internal'
import type { ApiAnswer } from './client-types.ts'

/** An object of an answer. */
export type Fields = Readonly<Record<string, unknown>>

/** The member as rows. Throws `unexpected` when the sender answered something else. */
export function rows(value: unknown, what: string): readonly Fields[] {
  if (Array.isArray(value)) return value.map(row)
  throw new RegistrarError('unexpected', `${what}: the answer holds no list`)
}

/** The member as an object, or an empty one. */
export function row(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {}
}

/** The parameters of the link to a next page. Its host is not followed: the token stays with the API that was given. */
export function linkQuery(link: unknown, what: string): URLSearchParams {
  const url = asText(link)
  if (URL.canParse(url)) return new URL(url).searchParams
  throw new RegistrarError('unexpected', `${what}: the link to the next page must be a URL`)
}

/** A string or number as a string, or an empty one. */
export function asText(value: unknown): string {
  return ['string', 'number', 'bigint'].includes(typeof value) ? String(value) : ''
}

/** A time of ISO 8601 in milliseconds since 1970; NaN for another text, in which `Date.parse` would find some year. */
export function time(value: unknown): number {
  const given = asText(value)
  return /^\d{4}-\d\d-\d\d[T ]\d\d:/.test(given) ? Date.parse(given) : Number.NaN
}

/** The strings of a list. */
export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(asText) : []
}

/** The id of a new endpoint. Throws `unexpected` without one: the endpoint could not be found again. */
export function endpointId(value: unknown, what: string): string {
  const id = asText(value)
  if (id === '') throw new RegistrarError('unexpected', `${what}: the answer holds no id`)
  return id
}

/** Bytes of an answer that are read at most; a payload of GitHub has up to 25 MiB. */
const MOST = 32 * 1024 * 1024

/** The answer with its body. Throws `unexpected` beyond the bound, so that a wrong host cannot fill the memory. */
export async function readAnswer(response: Response): Promise<ApiAnswer> {
  const tooLarge = (): Error =>
    new RegistrarError('unexpected', `the answer is larger than ${MOST} bytes`)
  const text = new TextDecoder().decode(await readBounded(response.body, MOST, tooLarge))
  return { status: response.status, headers: response.headers, text, json: parse(text) }
}

function parse(text: string): unknown {
  try {
    // Ids of GitHub and others are 64-bit integers.
    return parseJson(text, { depth: 200, exact: true })
  } catch {
    return undefined
  }
}
