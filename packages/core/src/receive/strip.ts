import { toBuffer } from '../body/bytes.ts'
import { stringifyJson } from '../body/json.ts'
import type { ParsedBody, Delivery, Json } from '../delivery.ts'
import type { StoredDelivery } from '../event.ts'
import type { Credentials } from '../provider/scheme.ts'
import { isCredentialName } from './credentials/judge.ts'
import {
  placesOf,
  placesOfNames,
  withEntries,
  without,
  type CredentialPlace,
  withParameters,
} from './credentials/places.ts'

/**
 * Creates the function that returns the part of an accepted delivery that may be stored, logged and forwarded.
 * Credentials of all senders and platforms are removed from headers and query. Only this provider's credentials are
 * removed from the body, so that handlers get everything else that was sent.
 */
export function stripper(
  credentials: Credentials = {},
): (delivery: Delivery, receivedAt: number) => StoredDelivery {
  const { headers = [], query = [], fields = [] } = credentials
  const dropped = new Set([
    ...headers.map((name) => name.toLowerCase()),
    // A body whose credentials are removed is written again, without compression and with another length.
    ...(fields.length > 0 ? ['content-encoding', 'content-length'] : []),
  ])
  const isDropped = (name: string): boolean => dropped.has(name) || isCredentialName(name)
  const places = placesOf(fields)
  const keep = (part: string, name: string): string | undefined =>
    query.includes(name) || isCredentialName(name) ? undefined : part
  return (delivery, receivedAt) =>
    new KeptDelivery(
      delivery,
      isDropped,
      withParameters(delivery.url, keep),
      fields.length === 0 ? delivery.body : keptBody(delivery, fields, places),
      receivedAt,
    )
}

/**
 * Returns the places of credentials in a payload: fields of the body, or query parameters if the query is the payload.
 */
export function payloadPlaces(
  credentials: Credentials = {},
  kind: ParsedBody['kind'],
): readonly CredentialPlace[] {
  const { query = [], fields = [] } = credentials
  if (kind === 'query') return query.length === 0 ? NO_PLACES : [placesOfNames(query)]
  return fields.length === 0 ? NO_PLACES : withEntries(placesOf(fields))
}

const NO_PLACES: readonly CredentialPlace[] = []

// A class, for speed: for each literal with a getter, V8 makes a hidden class and keeps the getter's scope alive.
class KeptDelivery implements StoredDelivery {
  readonly method: string
  readonly url: string
  readonly body: Uint8Array
  readonly receivedAt: number
  declare readonly context?: Json
  readonly #delivery: Delivery
  readonly #isDropped: (name: string) => boolean
  #headers: StoredDelivery['headers'] | undefined

  constructor(
    delivery: Delivery,
    isDropped: (name: string) => boolean,
    url: string,
    body: Uint8Array,
    receivedAt: number,
  ) {
    this.#delivery = delivery
    this.#isDropped = isDropped
    this.method = delivery.method
    this.url = url
    this.body = body
    this.receivedAt = receivedAt
    if (delivery.context !== undefined) this.context = delivery.context
  }

  // The headers are copied on demand: many handlers read no headers, and an inbox in memory does not store them.
  get headers(): StoredDelivery['headers'] {
    return (this.#headers ??= [...this.#delivery.headerLines()].filter(
      ([name]) => !this.#isDropped(name),
    ))
  }
}

/** Returns the path of a URL. The path is the only part that may be logged. */
export function pathOf(url: string): string {
  const scheme = url.indexOf('://')
  const start = url.indexOf('/', scheme < 0 ? 0 : scheme + 3)
  const end = url.search(/[?#]/)
  return start < 0 || (end >= 0 && end < start) ? '/' : url.slice(start, end < 0 ? undefined : end)
}

function keptBody(
  delivery: Delivery,
  names: readonly string[],
  places: CredentialPlace,
): Uint8Array {
  try {
    return withoutFields(delivery, names, places)
  } catch {
    return toBuffer('')
  }
}

// Returns the body to store if the provider's body contains credentials. Forms and JSON are rewritten without the
// credentials. Any other body is dropped.
function withoutFields(
  delivery: Delivery,
  names: readonly string[],
  places: CredentialPlace,
): Uint8Array {
  if (delivery.format === 'form') {
    const form = new URLSearchParams(delivery.form())
    for (const name of names) form.delete(name)
    return toBuffer(form.toString())
  }
  const value = delivery.format === 'json' ? delivery.json('exact') : undefined
  if (typeof value !== 'object' || value === null || (Array.isArray(value) && !places.items))
    return toBuffer('')
  return toBuffer(stringifyJson(without(value, places)))
}
