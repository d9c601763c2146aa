import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * RevenueCat with a signing secret. Without a signing secret, RevenueCat sends the `Authorization` value from its
 * dashboard. For such deliveries, use `generic` with `header-token`.
 * https://www.revenuecat.com/docs/integrations/webhooks
 */
export const revenuecat: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'revenuecat',
  title: 'RevenueCat',
  docs: 'https://www.revenuecat.com/docs/integrations/webhooks',
  setup: {
    steps: ['<project>', 'Integrations', 'Webhooks'],
    secret: 'the signing secret of the webhook',
  },
  notSecret: [[/^(?:(?:appl|goog|amzn|strp|rcb)_|sk_\w{32})/, 'a key for the API']],
  topics: ['INITIAL_PURCHASE', 'RENEWAL', 'CANCELLATION'],
  sign: (given) => hmac({ header: 'X-RevenueCat-Webhook-Signature', pairs: {}, ...given }),
  instead: {
    header: 'authorization',
    remedy:
      "set up a signing secret for the webhook, or use generic({ scheme: 'header-token', header: 'Authorization' })",
  },
  eventIdField: 'event.id',
  topicField: 'event.type',
  checked: '2026-11-28',
  delivers: { within: 60_000, retries: 9_300_000, after4xx: 'retried', ok: '200' },
})
