import { toBuffer } from '../body/bytes.ts'
import { stringifyJson } from '../body/json.ts'
import type { Delivery, Json } from '../delivery.ts'
import type { StoredDelivery } from '../event.ts'
import type { Credentials } from '../provider/scheme.ts'

// Never stored, for any sender: they authenticate the client of a proxy or browser, not the delivery.
const ALWAYS = ['authorization', 'proxy-authorization', 'cookie']

/** Makes the part of a delivery that may be stored, logged and forwarded: without the provider's credentials. */
export function stripper(
  credentials: Credentials = {},
): (delivery: Delivery, receivedAt: number) => StoredDelivery {
  const headers = new Set([
    ...ALWAYS,
    ...(credentials.headers ?? []).map((name) => name.toLowerCase()),
    // A body that is written again is neither compressed nor as long as it was.
    ...(credentials.fields?.length ? ['content-encoding', 'content-length'] : []),
  ])
  const query = credentials.query ?? []
  const fields = credentials.fields ?? []
  return (delivery, receivedAt) =>
    new KeptDelivery(
      delivery,
      headers,
      query.length === 0 ? delivery.url : withoutQuery(delivery.url, query),
      fields.length === 0 ? delivery.body : keptBody(delivery, fields),
      receivedAt,
    )
}

// A class: V8 makes a new hidden class for each object literal with a getter, and keeps the getter's scope until a full
// collection.
class KeptDelivery implements StoredDelivery {
  readonly method: string
  readonly url: string
  readonly body: Uint8Array
  readonly receivedAt: number
  declare readonly context?: Json
  readonly #delivery: Delivery
  readonly #dropped: ReadonlySet<string>
  #headers: StoredDelivery['headers'] | undefined

  constructor(
    delivery: Delivery,
    dropped: ReadonlySet<string>,
    url: string,
    body: Uint8Array,
    receivedAt: number,
  ) {
    this.#delivery = delivery
    this.#dropped = dropped
    this.method = delivery.method
    this.url = url
    this.body = body
    this.receivedAt = receivedAt
    if (delivery.context !== undefined) this.context = delivery.context
  }

  // Copied on demand: many handlers read no header, and an inbox in memory stores none.
  get headers(): StoredDelivery['headers'] {
    return (this.#headers ??= [...this.#delivery.headerLines()].filter(
      ([name]) => !this.#dropped.has(name),
    ))
  }
}

/** The path of a URL, the part that may be logged. */
export function pathOf(url: string): string {
  const scheme = url.indexOf('://')
  const start = url.indexOf('/', scheme < 0 ? 0 : scheme + 3)
  const end = url.search(/[?#]/)
  return start < 0 || (end >= 0 && end < start) ? '/' : url.slice(start, end < 0 ? undefined : end)
}

function withoutQuery(url: string, names: readonly string[]): string {
  const hash = url.indexOf('#')
  const end = hash < 0 ? url.length : hash
  const start = url.indexOf('?')
  if (start < 0 || start > end) return url
  // By hand, since URLSearchParams would write all other parameters in its own way.
  const kept = url
    .slice(start + 1, end)
    .split('&')
    .filter((part) => !names.includes([...new URLSearchParams(part).keys()][0] ?? ''))
  return url.slice(0, start) + (kept.length > 0 ? `?${kept.join('&')}` : '') + url.slice(end)
}

/** A payload without its credentials; the same object if it has none. */
export function withoutMembers(payload: unknown, names: readonly string[]): unknown {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return payload
  if (!names.some((name) => Object.hasOwn(payload, name))) return payload
  return Object.fromEntries(Object.entries(payload).filter(([name]) => !names.includes(name)))
}

/** An unreadable body is dropped: refused deliveries are stored too, and a credential may be anywhere in it. */
function keptBody(delivery: Delivery, names: readonly string[]): Uint8Array {
  try {
    return withoutFields(delivery, names)
  } catch {
    return toBuffer('')
  }
}

// A body with a credential is not stored unchanged. Forms are written again without the field, JSON without the
// top-level member; any other body is dropped.
function withoutFields(delivery: Delivery, names: readonly string[]): Uint8Array {
  if (delivery.content.length === 0) return delivery.content
  if (delivery.format === 'form') {
    const form = new URLSearchParams(delivery.form())
    for (const name of names) form.delete(name)
    return toBuffer(form.toString())
  }
  const value = delivery.format === 'json' ? delivery.json('exact') : undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return toBuffer('')
  return toBuffer(stringifyJson(withoutMembers(value, names)))
}
