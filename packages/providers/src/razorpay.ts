import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Razorpay. The topic is `event` (`payment.captured`). The id is the unsigned header `x-razorpay-event-id`. The
 * signature has no time. Razorpay expects a 2xx within 5 s, retries for 24 hours, then disables the webhook. You can
 * replay older events by hand, with the same id. Events may arrive in any order.
 * https://razorpay.com/docs/webhooks/validate-test/
 */
export const razorpay: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'razorpay',
  title: 'Razorpay',
  docs: 'https://razorpay.com/docs/webhooks/validate-test/',
  setup: {
    steps: ['Account & Settings', 'Website and app settings', 'Webhooks', '+ Add New Webhook'],
    secret: 'the text that you enter as Secret',
    docs: 'https://razorpay.com/docs/payments/dashboard/account-settings/webhooks/',
  },
  notSecret: [[/^rzp_(?:live|test)_/, 'the id of an API key']],
  topics: ['payment.captured', 'order.paid', 'refund.processed', 'subscription.charged'],
  repeats: false,
  sign: () => hmac({ header: 'X-Razorpay-Signature' }),
  eventIdHeader: 'X-Razorpay-Event-Id',
  topicField: 'event',
  idPrefix: 'evt_',
  sample: { entity: 'event' },
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    retries: DAY,
    givesUp: 'disabled after 24 hours of failures',
    ok: '2xx',
    after4xx: 'retried',
    retryId: 'same',
    source: 'https://razorpay.com/docs/webhooks/best-practices/',
  },
})
