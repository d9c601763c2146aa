import { hmac, type Factory } from '@postern/core/scheme'
import { agreedTopic, member } from './common/read.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Lemon Squeezy. The topic is `meta.event_name`. If the header `X-Event-Name` differs, the delivery is rejected. There
 * is no event id.
 * https://docs.lemonsqueezy.com/help/webhooks/signing-requests
 */
export const lemonSqueezy: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'lemon-squeezy',
  title: 'Lemon Squeezy',
  docs: 'https://docs.lemonsqueezy.com/help/webhooks/signing-requests',
  setup: { steps: ['Settings', 'Webhooks'], secret: 'the signing secret that you type' },
  notSecret: [[/^eyJ/, 'a key for the API']],
  topics: ['order_created', 'subscription_created', 'subscription_payment_success'],
  sign: (given) => hmac({ header: 'X-Signature', ...given }),
  topic: (delivery, { value }) =>
    agreedTopic(member(value, 'meta.event_name'), delivery, 'x-event-name'),
  reads: ['x-event-name'],
  topicField: 'meta.event_name',
  checked: '2026-11-28',
  delivers: {
    after4xx: 'retried',
    ok: '200',
    source: 'https://docs.lemonsqueezy.com/help/webhooks/webhook-requests',
  },
})
