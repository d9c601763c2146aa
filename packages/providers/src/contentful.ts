import type { Delivery, SecretOption } from '@postern/core'
import {
  provider,
  toleranceOption,
  type Draft,
  type EventDraft,
  type Factory,
  type ParsedBody,
} from '@postern/core/scheme'
import { checkTtl, CONTENTFUL, contentfulScheme, signedHeader } from './schemes/contentful.ts'
import { checkPublicUrl, type PublicUrlOption } from './schemes/public-url.ts'

/** Options of {@link contentful}. Of `publicUrl` path and query are signed. */
export interface ContentfulOptions extends PublicUrlOption {
  /** The space's request verification secret: 64 characters, used as they are. */
  readonly secret: SecretOption
  /** Seconds from which on the signed time is too far from now, in the past and in the future. @default 30 */
  readonly tolerance?: number
}

/**
 * Contentful, with request verification switched on. HMAC-SHA256 over method, path, listed headers and body. Topic is
 * `X-Contentful-Topic` (`ContentManagement.Entry.publish`; `Entry.publish` matches too), id is
 * `X-Contentful-Idempotency-Key`, both as far as they were signed. The 30 s of Contentful's SDK are as long as the time
 * between its retries: give a larger `tolerance` where clocks or queues are slow. Contentful waits 30 s and retries 429 and
 * 5xx twice, 30 s apart. There is one secret and no overlap when it changes.
 * https://www.contentful.com/developers/docs/webhooks/request-verification/
 */
export const contentful: Factory<ContentfulOptions> = /* @__PURE__ */ provider({
  name: 'contentful',
  title: 'Contentful',
  docs: 'https://www.contentful.com/developers/docs/webhooks/request-verification/',
  topics: ['ContentManagement.Entry.publish', 'ContentManagement.Asset.create'],
  options: {
    secret: 'Request verification secret of the space.',
    publicUrl: 'The URL as Contentful calls it. Default: the URL of the request.',
    tolerance: 'Seconds from which on the signed time is too far from now. Default 30.',
  },
  formats: ['json', 'form'],
  claims: 'x-contentful-idempotency-key',
  covers: { body: 'bytes', url: true, id: true, timestamp: true },
  methods: ['POST', 'PUT', 'PATCH', 'DELETE', 'GET'],
  prepare(options) {
    checkPublicUrl('contentful', options)
    return { ...options, ttl: toleranceOption(options.tolerance, 30) }
  },
  scheme: contentfulScheme,
  labelled: (delivery) => signedHeader(delivery, 'content-type') !== undefined,
  check: (delivery, clock, { ttl }) => checkTtl(delivery, clock(), ttl),
  retrySpan: 120_000,
  events,
  compose,
})

const TOPIC = 'x-contentful-topic'
const ID = 'x-contentful-idempotency-key'

function events(delivery: Delivery, { value }: ParsedBody): readonly EventDraft[] {
  const topic = signedHeader(delivery, TOPIC) ?? ''
  const aliases = [topic.replace(/^ContentManagement\./, '')]
  return [{ id: signedHeader(delivery, ID), topic, aliases, payload: value }]
}

function compose({ topic = 'ContentManagement.Entry.publish', id, at = Date.now() }: Draft): {
  headers: Record<string, string>
} {
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
}
