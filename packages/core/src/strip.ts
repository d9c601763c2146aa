import { toBuffer } from './bytes.ts'
import { isForm, isJson, parseMediaType } from './body/media-type.ts'
import type { Delivery } from './delivery.ts'
import type { StoredDelivery } from './event.ts'
import type { Credentials } from './scheme.ts'

// Never kept, whoever sends them: they authenticate the client of a proxy or browser, not the delivery.
const ALWAYS = ['authorization', 'proxy-authorization', 'cookie']

/** Makes of a delivery what may be stored, logged and forwarded: without the provider's credentials. */
export function stripper(
  credentials: Credentials = {},
): (delivery: Delivery, receivedAt: number) => StoredDelivery {
  const headers = new Set([
    ...ALWAYS,
    ...(credentials.headers ?? []).map((name) => name.toLowerCase()),
  ])
  const query = credentials.query ?? []
  const fields = credentials.fields ?? []
  const kept = (delivery: Delivery): StoredDelivery['headers'] =>
    [...delivery.headerLines()].filter(([name]) => !headers.has(name))
  return (delivery, receivedAt) => {
    let lines: StoredDelivery['headers'] | undefined
    return {
      method: delivery.method,
      url: query.length === 0 ? delivery.url : withoutQuery(delivery.url, query),
      // Many handlers never look at a header, and an inbox in memory stores none: copied when asked for.
      get headers() {
        return (lines ??= kept(delivery))
      },
      body: fields.length === 0 ? delivery.body : withoutFields(delivery, fields),
      receivedAt,
      ...(delivery.context !== undefined && { context: delivery.context }),
    }
  }
}

/** The path of a URL: what may be logged of it. */
export function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.search(/[?#]/)
  return start < 0 || (end >= 0 && end < start) ? '/' : url.slice(start, end < 0 ? undefined : end)
}

function withoutQuery(url: string, names: readonly string[]): string {
  const parsed = new URL(url)
  for (const name of names) parsed.searchParams.delete(name)
  return parsed.href
}

// A body that carries a credential cannot be kept as the bytes it was. Forms are written again without the field, JSON
// without the top-level member; of anything else nothing is kept.
function withoutFields(delivery: Delivery, names: readonly string[]): Uint8Array {
  const { type } = parseMediaType(delivery.header('content-type'))
  if (isForm(type)) {
    const form = new URLSearchParams(delivery.form())
    for (const name of names) form.delete(name)
    return toBuffer(form.toString())
  }
  const value = isJson(type) ? delivery.json() : undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return toBuffer('')
  return toBuffer(
    JSON.stringify(
      Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))),
    ),
  )
}
