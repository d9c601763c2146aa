import type { Factory } from '@postern/core/scheme'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'
import { HOUR } from './common/units.ts'

/**
 * Dodo Payments: Standard Webhooks. The topic is `type` (`payment.succeeded`). The id is the header `webhook-id`, which
 * stays the same over retries. The last retry is about 28 hours after the first delivery.
 * https://docs.dodopayments.com/developer-resources/webhooks
 */
export const dodopayments: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'dodopayments',
  title: 'Dodo Payments',
  docs: 'https://docs.dodopayments.com/developer-resources/webhooks',
  setup: {
    steps: ['Settings', 'Webhooks', 'Add Webhook'],
    secret: "the Secret Key on the webhook's settings page",
  },
  topics: ['payment.succeeded', 'subscription.active', 'refund.succeeded', 'dispute.opened'],
  secretHint: 'Secret key of the webhook, whsec_…',
  checked: '2026-11-28',
  delivers: { within: 15_000, retries: 28 * HOUR, after4xx: 'retried', ok: '2xx', retryId: 'same' },
})
