import type { Delivery } from '@postern/core'
import {
  firstOf,
  hmac,
  type Factory,
  type Scheme,
  type SignableRequest,
} from '@postern/core/scheme'
import { HOUR, MIB } from './common/units.ts'
import { narrowed } from './common/read.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

/**
 * Shopify, with `X-Shopify-*` headers, or with the `Shopify-*` headers of the Events preview. If `Shopify-Hmac-Sha256`
 * is present, the `Shopify-*` headers are used. The signature is HMAC-SHA256 in base64 over the body. The topic, the
 * shop and the id are in unsigned headers, so `covers.topic` is false: an attacker can replay a captured body under
 * another topic. Check the shop against your installations. A delivery without a webhook id is accepted, but is not
 * deduplicated unless you set `dedupe: 'digest'`. Topics are spelled as Shopify sends them: `orders/create`, or
 * `Product.create` of the Events preview (`Product` matches too). Shopify expects a 2xx within 5 s, counts a redirect
 * as a failure, and retries for 4 hours. After 8 failures in a row, Shopify removes the subscription.
 * https://shopify.dev/docs/apps/build/webhooks/verify-deliveries
 */
export const shopify: Factory<PresetOptions> = /* @__PURE__ */ sender({
  name: 'shopify',
  title: 'Shopify',
  docs: 'https://shopify.dev/docs/apps/build/webhooks/verify-deliveries',
  setup: {
    call: 'the mutation webhookSubscriptionCreate of the GraphQL Admin API',
    place:
      "the app's file shopify.app.toml: uri in [[webhooks.subscriptions]], sent by shopify app deploy",
    secret:
      'the client secret of the app; webhooks of the Shopify admin are signed with another key',
    docs: 'https://shopify.dev/docs/apps/build/webhooks/subscribe',
  },
  notSecret: [[/^(?:shpat|shpca|shppa|shpua|atkn)_/, 'a token for the Admin API']],
  topics: [
    'orders/create',
    'products/update',
    'app/uninstalled',
    'customers/redact',
    'Product.create',
  ],
  facts: { place: { header: 'X-Shopify-Hmac-SHA256' } },
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    retries: 4 * HOUR,
    redirect: 'failure',
    after4xx: 'retried',
    givesUp: 'removed after 8 failures in a row',
    ok: '2xx',
    retryId: 'same',
  },
  hint: "The app's client secret.",
  formats: ['json', 'xml'],
  // Some bodies exceed a megabyte, and no page names a maximum:
  // https://community.shopify.com/c/Shopify-APIs-SDKs/Webhook-requests-exceed-max-size/m-p/144434
  limits: { body: 10 * MIB },
  claims: 'x-shopify-webhook-id',
  topicHeader: 'x-shopify-topic',
  covers: { body: 'bytes' },
  reads: ['shopify-topic', 'shopify-action', 'shopify-webhook-id'],
  sign: () => eitherDialect(),
  events(delivery, body) {
    const prefix = isPreview(delivery) ? 'shopify-' : 'x-shopify-'
    const topic = delivery.header(`${prefix}topic`) ?? ''
    const action = isPreview(delivery) ? delivery.header('shopify-action') : undefined
    const id = delivery.header(`${prefix}webhook-id`) || undefined
    return [{ id, ...narrowed(topic, action || undefined), payload: body.value }]
  },
  compose({ topic = 'orders/create', id, payload, at = Date.now() }) {
    // Only topics of the Events preview start with a capital letter, such as Product.create.
    const dot = /^[A-Z]/.test(topic) ? topic.indexOf('.') : -1
    const prefix = dot > 0 ? 'shopify-' : 'x-shopify-'
    return {
      headers: {
        [`${prefix}topic`]: dot > 0 ? topic.slice(0, dot) : topic,
        ...(dot > 0 && { 'shopify-action': topic.slice(dot + 1) }),
        [`${prefix}webhook-id`]: id ?? crypto.randomUUID(),
        [`${prefix}event-id`]: crypto.randomUUID(),
        [`${prefix}shop-domain`]: 'example.myshopify.com',
        [`${prefix}api-version`]: '2026-10',
        [`${prefix}triggered-at`]: new Date(at).toISOString(),
      },
      body: sampleJson({ id: 1 }, payload),
    }
  },
})

function eitherDialect(): Scheme<Uint8Array> {
  const classic = hmac({ header: 'X-Shopify-Hmac-SHA256', encoding: 'base64' })
  const preview = hmac({ header: 'Shopify-Hmac-SHA256', encoding: 'base64' })
  return {
    ...firstOf(preview, classic),
    sign: (request: SignableRequest, key, now) =>
      (request.headers['shopify-topic'] === undefined ? classic : preview).sign!(request, key, now),
  }
}

function isPreview(delivery: Delivery): boolean {
  return delivery.header('shopify-hmac-sha256') !== undefined
}
