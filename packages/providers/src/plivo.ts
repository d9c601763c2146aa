import { WebhookError, type Delivery } from '@postern/core'
import { hmacAlgorithm, mergeDeep, signatureScheme, singleHeader } from '@postern/core/internal'
import type { Factory } from '@postern/core/scheme'
import { text } from './common/read.ts'
import { FORM_TYPE } from './common/units.ts'
import { urlScheme, type PublicUrlOption } from './schemes/public-url.ts'
import { sender, type UrlPresetOptions } from './schemes/sender.ts'

const HEADERS = ['x-plivo-signature-v3', 'x-plivo-signature-ma-v3'] as const
const NONCE = 'x-plivo-signature-v3-nonce'

/**
 * Plivo. The signature is HMAC-SHA256 in base64 over the URL, its sorted query, the sorted form fields and a nonce. The
 * signature is in `X-Plivo-Signature-V3`. A signature with the main account's token is in `X-Plivo-Signature-Ma-V3`. A
 * header may have several signatures, separated by commas, of which one must match. Behind a proxy, set `publicUrl` to
 * the URL that you gave to Plivo. The topic is `Event`, `CallStatus` or `Status` of the form. There is no event id, and
 * the signature has no time. Plivo retries message callbacks after 60, 120 and 240 s. Plivo retries call callbacks
 * twice within 55 s, unless the URL has other settings.
 * https://www.plivo.com/docs/voice/concepts/signature-validation
 */
export const plivo: Factory<UrlPresetOptions<'authToken'>> = /* @__PURE__ */ sender({
  name: 'plivo',
  title: 'Plivo',
  docs: 'https://www.plivo.com/docs/voice/concepts/signature-validation',
  setup: {
    steps: ['Voice', 'Applications', '<application>'],
    secret: 'the auth token of the account, on the overview page of the console',
  },
  notSecret: [[/^(?:MA|SA)[A-Z\d]{18}$/, 'the auth id']],
  topics: ['StartApp', 'Hangup', 'delivered'],
  extra: {
    publicUrl: 'The URL as configured at Plivo. Default: the URL of the request.',
  },
  secret: 'authToken',
  ids: false,
  methods: ['POST', 'GET'],
  formats: ['form', 'query'],
  covers: { body: 'fields', url: true },
  reads: HEADERS,
  sign: (_given, options: PublicUrlOption) =>
    urlScheme('plivo', options, (url) =>
      signatureScheme(hmacAlgorithm({ encoding: 'base64' }), {
        header: HEADERS[0],
        covers: { body: 'fields' },
        needs: [NONCE],
        present: (head) => HEADERS.some((name) => head.header(name) !== undefined),
        read: (delivery) => ({ signatures: signaturesOf(delivery) }),
        write: (signature) => ({ [HEADERS[0]]: signature }),
        url,
        message: (delivery) => messageOf(delivery, url(delivery)),
      }),
    ),
  facts: {
    scheme: 'HMAC-SHA256 of {url}, query and form, both sorted, and a nonce, base64',
  },
  checked: '2026-11-28',
  delivers: {
    within: 8_000,
    retries: 420_000,
    after4xx: 'retried',
    ok: '2xx',
    source:
      'https://support.plivo.com/hc/en-us/articles/360041344652-Will-Plivo-retry-callbacks-if-the-message-url-is-not-reachable-',
  },
  events: (_delivery, { value }) => [
    {
      topic: text(value, 'Event') ?? text(value, 'CallStatus') ?? text(value, 'Status') ?? 'event',
      payload: value,
    },
  ],
  compose({ topic = 'StartApp', payload }) {
    const fields = mergeDeep({ CallUUID: crypto.randomUUID(), Event: topic }, payload)
    const form = new URLSearchParams(fields as Record<string, string>)
    return {
      headers: { 'content-type': FORM_TYPE, [NONCE]: crypto.randomUUID() },
      body: form.toString(),
    }
  },
})

const MOST = 20

function signaturesOf(delivery: Delivery): readonly string[] {
  const found = HEADERS.filter((name) => delivery.header(name) !== undefined).flatMap((name) =>
    singleHeader(delivery, name).split(/, */),
  )
  if (found.length === 0)
    throw new WebhookError('missing_header', { problem: 'missing', header: HEADERS[0] })
  if (found.length > MOST)
    throw new WebhookError('malformed_header', {
      problem: 'too_many',
      header: HEADERS[0],
      limit: MOST,
    })
  return found
}

// Returns the signed text. As in Plivo's libraries, values are decoded before they are signed, so different requests
// can have equal signed texts. `?a=1.b2` is the query `a=1.b2`, or the query `a=1` with the form `b=2`.
function messageOf(delivery: Delivery, url: string): string {
  const { origin, pathname, searchParams } = new URL(url)
  const query = sorted(searchParams).map(([name, value]) => `${name}=${value}`)
  const form = delivery.method === 'GET' ? [] : sorted(delivery.form())
  const glue = form.length > 0 && query.length > 0 ? '.' : ''
  const mark = form.length > 0 || query.length > 0 ? '?' : ''
  const fields = form.map(([name, value]) => name + value).join('')
  return `${origin}${pathname}${mark}${query.join('&')}${glue}${fields}.${singleHeader(delivery, NONCE)}`
}

function sorted(fields: URLSearchParams): readonly (readonly [string, string])[] {
  return [...fields].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}
