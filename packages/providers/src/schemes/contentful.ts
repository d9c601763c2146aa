import { WebhookError, type Delivery } from '@postern/core'
import { hmac, malformed, parseTimestamp, singleHeader, type Scheme } from '@postern/core/scheme'
import { signedUrl, type PublicUrlOption } from './public-url.ts'

/** The headers Contentful signs with. */
export const CONTENTFUL = {
  signature: 'x-contentful-signature',
  list: 'x-contentful-signed-headers',
  timestamp: 'x-contentful-timestamp',
} as const

/**
 * Contentful's request verification: HMAC-SHA256 over method, path with query, the headers the sender lists, and body,
 * joined by line feeds.
 */
export function contentfulScheme(options: PublicUrlOption): Scheme<Uint8Array> {
  const scheme = hmac({
    header: CONTENTFUL.signature,
    covers: { body: 'bytes', url: options.publicUrl === undefined, id: true, timestamp: true },
    message: (delivery) => [
      `${delivery.method}\n${pathOf(signedUrl(delivery, options))}\n${headersOf(delivery)}\n`,
      delivery.body,
    ],
  })
  return {
    ...scheme,
    key(secret) {
      if (/^[0-9a-zA-Z+/=_-]{64}$/.test(secret)) return scheme.key(secret)
      throw new TypeError('the secret must be 64 of 0-9, a-z, A-Z, +, /, =, _ and -')
    },
  }
}

/** The names of the signed headers. Those that make the signature safe must be among them. */
function signedHeaders(delivery: Delivery): readonly string[] {
  const names = singleHeader(delivery, CONTENTFUL.list)
    .split(',')
    .map((name) => name.trim().toLowerCase())
  if (!names.includes(CONTENTFUL.list) || !names.includes(CONTENTFUL.timestamp))
    throw malformed(CONTENTFUL.list, 'a list with itself and the timestamp in it')
  return names
}

/** The value of a header the sender signed; one it did not sign is as good as absent. */
export function signedHeader(delivery: Delivery, name: string): string | undefined {
  return signedHeaders(delivery).includes(name) ? delivery.header(name) : undefined
}

/**
 * Refuses a time that is `ttl` seconds or more away: unlike others, Contentful's own SDK refuses exactly that far.
 *
 * @param now - milliseconds since 1970.
 */
export function checkTtl(delivery: Delivery, now: number, ttl: number): void {
  const name = CONTENTFUL.timestamp
  const time = parseTimestamp(singleHeader(delivery, name), name, 'ms')
  // In whole milliseconds, since a clock may have fractions of them.
  const age = Math.round(now) - time
  if (Math.abs(age) >= ttl * 1000)
    throw new WebhookError(
      age > 0 ? 'timestamp_too_old' : 'timestamp_in_future',
      `signed ${age} ms ago, outside of the tolerance of ${ttl} s`,
    )
}

// The SDK escapes the query once by itself and then again with the path.
function pathOf(url: string): string {
  const { pathname, search } = new URL(url, 'https://localhost')
  const query = search.slice(1)
  return encodeURI(query === '' ? pathname : `${pathname}?${encodeURIComponent(query)}`)
}

function headersOf(delivery: Delivery): string {
  return signedHeaders(delivery)
    .toSorted()
    .map((name) => {
      const lines = delivery.headers(name)
      if (lines.length === 1) return `${name}:${lines[0]!.trim()}`
      throw lines.length === 0
        ? new WebhookError('missing_header', `header ${name} was signed and is missing`)
        : malformed(name, 'there once, although it was signed')
    })
    .join(';')
}
