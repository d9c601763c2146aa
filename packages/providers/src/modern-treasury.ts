import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Modern Treasury. https://docs.moderntreasury.com/platform/docs/webhooks-overview */
export const modernTreasury: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'modern-treasury',
  title: 'Modern Treasury',
  docs: 'https://docs.moderntreasury.com/platform/docs/webhooks-overview',
  setup: { steps: ['Developers', 'Webhooks'], secret: 'the webhook key' },
  topics: ['payment_order.created', 'payment_order.approved', 'incoming_payment_detail.created'],
  sign: (given) => hmac({ header: 'X-Signature', ...given }),
  eventIdHeader: 'X-Webhook-ID',
  topicField: ['data.object', 'event'],
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    after4xx: 'retried',
    ok: '2xx',
    source: 'https://docs.moderntreasury.com/platform/reference/webhooks',
  },
})
