import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Checkout.com. https://www.checkout.com/docs/workflows/set-up-your-webhook-receiver */
export const checkoutCom: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'checkout-com',
  title: 'Checkout.com',
  docs: 'https://www.checkout.com/docs/workflows/set-up-your-webhook-receiver',
  setup: { place: 'a workflow with a webhook action', secret: 'the signature key of the action' },
  notSecret: [[/^[sp]k_(?:sbox_|test_[\da-f]{8}-)/, 'a key for the API']],
  topics: ['payment_approved', 'payment_captured', 'payment_declined'],
  sign: (given) => hmac({ header: 'Cko-Signature', ...given }),
  eventIdField: 'id',
  topicField: 'type',
  checked: '2026-11-28',
  delivers: {
    within: 10_000,
    source:
      'https://www.checkout.com/docs/business-operations/use-the-dashboard/developers/webhooks',
  },
})
