import { createHash } from 'node:crypto'
import { emptyReply, type Delivery } from '@postern/core'
import { keyForms } from '@postern/core/internal'
import { hmac, type Factory, type ParsedBody, type Scheme } from '@postern/core/scheme'
import { member } from './common/read.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

const PLAIN = hmac({ header: 'X-WC-Webhook-Signature', encoding: 'base64' })
// WordPress stores a secret with HTML entities. WooCommerce signs with the decoded secret, and before version 3 with
// the stored text.
const SCHEME: Scheme<Uint8Array> = {
  ...PLAIN,
  ...keyForms([(secret) => PLAIN.key(decodeEntities(secret)), (secret) => PLAIN.key(secret)]),
}

/**
 * WooCommerce. The signature is HMAC-SHA256 over the body, in `X-WC-Webhook-Signature`. The key is the secret with its
 * HTML entities decoded, as in WordPress. Before WooCommerce 3, the key was the secret without decoding, which is
 * accepted too. The topic is the header `X-WC-Webhook-Topic` (`order.updated`). All deliveries of a webhook within one
 * second have the same delivery id. So the event's id is made of the delivery id, the topic, and the object's id or a
 * hash of the body. The headers are unsigned, so `covers.topic` is false: an attacker can replay a captured body under
 * another topic. The signature has no time. The receiver answers the unsigned ping at activation with a 200.
 * WooCommerce waits 60 s for an answer, does not retry, and disables the webhook after more than five failures in a
 * row.
 * https://woocommerce.com/document/webhooks/
 */
export const woocommerce: Factory<PresetOptions> = /* @__PURE__ */ sender({
  name: 'woocommerce',
  title: 'WooCommerce',
  docs: 'https://woocommerce.com/document/webhooks/',
  setup: {
    steps: ['WooCommerce', 'Settings', 'Advanced', 'Webhooks', 'Add webhook'],
    secret: 'the Secret of the webhook',
  },
  notSecret: [[/^c[ks]_[\da-f]{40}$/, 'a key for the REST API']],
  topics: [
    'order.created',
    'order.updated',
    'product.deleted',
    'customer.updated',
    'coupon.created',
  ],
  handshakes: ['unsigned form webhook_id=<n> at activation'],
  checked: '2026-11-28',
  delivers: {
    within: 60_000,
    retries: 0,
    givesUp: 'disabled after more than five failures in a row',
    ok: '2xx, 301 and 302',
    after4xx: 'dropped',
    source:
      'https://github.com/woocommerce/woocommerce/blob/trunk/plugins/woocommerce/includes/class-wc-webhook.php',
  },
  formats: ['json', 'form'],
  greets: 'body',
  claims: 'x-wc-webhook-delivery-id',
  topicHeader: 'x-wc-webhook-topic',
  covers: { body: 'bytes' },
  sign: () => SCHEME,
  greet(delivery) {
    if (delivery.method !== 'POST' || delivery.body.length > MAX_PING) return undefined
    for (const [name] of delivery.headerLines()) if (name.startsWith('x-wc-')) return undefined
    return /^webhook_id=\d{1,20}$/.test(delivery.text()) ? emptyReply() : undefined
  },
  events(delivery, { kind, value }) {
    const topic = delivery.header('x-wc-webhook-topic') ?? ''
    const sent = delivery.header('x-wc-webhook-delivery-id')
    return [{ id: sent && `${sent}:${topic}:${subject(delivery, kind)}`, topic, payload: value }]
  },
  compose({ topic = 'order.updated', id, payload }) {
    const [sent = '5d1f2c3b4a59687766554433221100aa', , object = '456'] = id?.split(':') ?? []
    const [resource = '', event = ''] = topic.split('.')
    return {
      headers: {
        'user-agent': 'WooCommerce/8.5.0 Hookshot (WordPress/6.4.2)',
        'x-wc-webhook-source': 'https://example.com/',
        'x-wc-webhook-topic': topic,
        'x-wc-webhook-resource': resource,
        'x-wc-webhook-event': event,
        'x-wc-webhook-id': '7',
        'x-wc-webhook-delivery-id': sent,
      },
      body: sampleJson({ id: Number(object) }, payload),
    }
  },
})

// The entities that WordPress decodes, without decoding the result again (`wp_specialchars_decode()` with ENT_QUOTES).
const ENTITIES = /&(?:amp|lt|gt|quot|#0*(38|60|62|34|39)|#[xX]0*(26|22|27));/g
const NAMED: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
}

function decodeEntities(secret: string): string {
  return secret.replace(
    ENTITIES,
    (entity, decimal?: string, hex?: string) =>
      NAMED[entity] ?? String.fromCharCode(decimal ? Number(decimal) : Number.parseInt(hex!, 16)),
  )
}

const MAX_PING = 64

function subject(delivery: Delivery, kind: ParsedBody['kind']): string {
  const own = kind === 'json' ? member(delivery.json('exact'), 'id') : undefined
  return own ?? createHash('sha256').update(delivery.body).digest('hex')
}
