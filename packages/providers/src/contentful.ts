import { type Delivery, WebhookError } from '@postern/core'
import { toleranceOption, malformed, parseTimestamp, singleHeader } from '@postern/core/internal'
import { type Factory, hmac, type Scheme } from '@postern/core/scheme'
import { type PublicUrlOption, urlScheme } from './schemes/public-url.ts'
import { sender, type DatedPresetOptions } from './schemes/sender.ts'

const CONTENTFUL = {
  signature: 'x-contentful-signature',
  list: 'x-contentful-signed-headers',
  timestamp: 'x-contentful-timestamp',
} as const

/**
 * Contentful with request verification turned on. The signature is HMAC-SHA256 over method, path, the listed headers
 * and the body. If you set `publicUrl`, the signature is verified with the path and query of that URL. The topic is
 * `X-Contentful-Topic` (`ContentManagement.Entry.publish`; `Entry.publish` matches too), and the id is
 * `X-Contentful-Idempotency-Key`. Both headers are used only if they are signed. The default tolerance is 30 s, as in
 * Contentful's SDK. If clocks or queues are slow, set a larger `tolerance`. Contentful waits 30 s for an answer and
 * retries 429 and 5xx twice, 30 s apart. A space has one secret. After a change, the old secret is invalid at once.
 * https://www.contentful.com/developers/docs/webhooks/request-verification/
 */
export const contentful: Factory<DatedPresetOptions & PublicUrlOption> = /* @__PURE__ */ sender({
  name: 'contentful',
  title: 'Contentful',
  docs: 'https://www.contentful.com/developers/docs/webhooks/request-verification/',
  setup: {
    steps: ['Settings', 'Webhooks', 'Add webhook'],
    secret: 'Settings → Webhooks → Settings → Enable request verification',
    docs: 'https://www.contentful.com/developers/docs/webhooks/configure-webhook/',
  },
  notSecret: [[/^CFPAT-/, 'a token for the API']],
  topics: ['ContentManagement.Entry.publish', 'ContentManagement.Asset.create'],
  facts: {
    scheme: 'HMAC-SHA256 of method, path, listed headers and {body}, hex',
    place: { header: 'X-Contentful-Signature' },
    tolerance: 30,
  },
  example: { secret: 'a'.repeat(64) },
  checked: '2026-11-26',
  delivers: { within: 30_000, retries: 120_000, after4xx: 'dropped, but 429', ok: '2xx' },
  hint: 'Request verification secret of the space.',
  extra: {
    publicUrl: 'The URL as Contentful calls it. Default: the URL of the request.',
  },
  formats: ['json', 'form'],
  claims: 'x-contentful-idempotency-key',
  topicHeader: 'x-contentful-topic',
  covers: { body: 'bytes', url: true, id: true, topic: true, timestamp: true },
  methods: ['POST', 'PUT', 'PATCH', 'DELETE', 'GET'],
  sign({ tolerance }, options: PublicUrlOption) {
    toleranceOption(tolerance, 30)
    return urlScheme('contentful', options, contentfulScheme)
  },
  labelled: (delivery) => signedHeader(delivery, 'content-type') !== undefined,
  check: (delivery, clock, { tolerance = 30 }) => checkTtl(delivery, clock(), tolerance),
  events(delivery, { value }) {
    const topic = signedHeader(delivery, TOPIC) ?? ''
    const aliases = [topic.replace(/^ContentManagement\./, '')]
    return [{ id: signedHeader(delivery, ID), topic, aliases, payload: value }]
  },
  compose({ topic = 'ContentManagement.Entry.publish', id, at = Date.now() }) {
    const names = ['content-type', ID, CONTENTFUL.list, CONTENTFUL.timestamp, TOPIC]
    return {
      headers: {
        'content-type': 'application/vnd.contentful.management.v1+json',
        [ID]: id ?? crypto.randomUUID().replaceAll('-', '').repeat(2),
        [CONTENTFUL.list]: names.join(','),
        [CONTENTFUL.timestamp]: String(at),
        [TOPIC]: topic,
      },
    }
  },
})

const TOPIC = 'x-contentful-topic'
const ID = 'x-contentful-idempotency-key'

/**
 * Creates the scheme. The signed text is method, path with query, the headers that the sender lists, and body, one per
 * line.
 */
function contentfulScheme(url: (delivery: Delivery) => string): Scheme<Uint8Array> {
  const scheme = hmac({
    header: CONTENTFUL.signature,
    covers: { body: 'bytes', id: true, topic: true, timestamp: true },
    url,
    message: (delivery) => [
      `${delivery.method}\n${pathOf(url(delivery))}\n${headersOf(delivery)}\n`,
      delivery.body,
    ],
  })
  return {
    ...scheme,
    reads: (delivery) => [
      CONTENTFUL.signature,
      CONTENTFUL.timestamp,
      CONTENTFUL.list,
      ...signedHeaders(delivery),
    ],
    key(secret) {
      if (/^[0-9a-zA-Z+/=_-]{64}$/.test(secret)) return scheme.key(secret)
      throw new TypeError('the secret must be 64 of 0-9, a-z, A-Z, +, /, =, _ and -')
    },
  }
}

/**
 * Returns the names of the signed headers, which a header lists. That header and the header with the time must be in
 * the list, or else an attacker could change both.
 */
function signedHeaders(delivery: Delivery): readonly string[] {
  const names = singleHeader(delivery, CONTENTFUL.list)
    .split(',')
    .map((name) => name.trim().toLowerCase())
  if (!names.includes(CONTENTFUL.list) || !names.includes(CONTENTFUL.timestamp))
    throw malformed({ header: CONTENTFUL.list }, 'a list with itself and the timestamp in it')
  return names
}

function signedHeader(delivery: Delivery, name: string): string | undefined {
  return signedHeaders(delivery).includes(name) ? delivery.header(name) : undefined
}

/** Rejects a time that differs from now by `ttl` seconds or more, as Contentful's SDK does. */
function checkTtl(delivery: Delivery, now: number, ttl: number): void {
  const name = CONTENTFUL.timestamp
  const time = parseTimestamp(singleHeader(delivery, name), name, 'ms')
  // The clock may return fractions of a millisecond, so the time is rounded.
  const age = Math.round(now) - time
  if (Math.abs(age) >= ttl * 1000)
    throw new WebhookError(age > 0 ? 'timestamp_too_old' : 'timestamp_in_future', {
      problem: age > 0 ? 'too_old' : 'too_early',
      header: name,
      seconds: Math.round(Math.abs(age) / 1000),
      limit: ttl,
    })
}

// Returns path and query as Contentful's SDK signs them. The SDK escapes the query first, and then escapes path and
// query together.
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
        ? new WebhookError('missing_header', {
            problem: 'missing',
            header: name,
            expected: 'each header that was signed',
          })
        : new WebhookError('malformed_header', {
            problem: 'repeated',
            header: name,
            got: lines.length,
          })
    })
    .join(';')
}
