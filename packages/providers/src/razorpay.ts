import type { Delivery, SecretOption } from '@postern/core'
import {
  hmac,
  mergeDeep,
  stringifyJson,
  type EventDraft,
  type Factory,
  type ParsedBody,
} from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY } from './common/units.ts'
import { needed } from './common/read.ts'

/** Options of {@link razorpay}. */
export interface RazorpayOptions {
  /** The secret of the webhook. Keep the old one for a day after a change: older events are still signed with it. */
  readonly secret: SecretOption
}

/**
 * Razorpay. HMAC-SHA256 over the body in `X-Razorpay-Signature`. Topic is `event` (`payment.captured`); id is the header
 * `x-razorpay-event-id`, which is not signed. Nothing is dated. Razorpay wants its 2xx within 5 s, retries for 24 hours,
 * then disables the webhook; older events are replayed by hand alone, under the same id. Their order is not kept.
 * https://razorpay.com/docs/webhooks/validate-test/
 */
export const razorpay: Factory<RazorpayOptions> = /* @__PURE__ */ provider({
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
  facts: {
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
  },
  options: {
    secret: 'Secret of the webhook.',
  },
  claims: 'x-razorpay-event-id',
  // Each body holds the time and the entity of its event: https://razorpay.com/docs/webhooks/
  repeats: false,
  covers: { body: 'bytes' },
  scheme: () => hmac({ header: 'X-Razorpay-Signature' }),
  events,
  compose: ({ topic = 'payment.captured', id = 'evt_HkPiaEGsZ2r0fZ', payload }) => ({
    headers: { 'x-razorpay-event-id': id },
    body: stringifyJson(mergeDeep({ entity: 'event', event: topic }, payload)),
  }),
})

function events(delivery: Delivery, { value }: ParsedBody): readonly EventDraft[] {
  const id = delivery.header('x-razorpay-event-id')
  return [{ id: id || undefined, topic: needed(value, 'event'), payload: value }]
}
