import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Dwolla. https://developers.dwolla.com/docs/webhooks/process-validate */
export const dwolla: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'dwolla',
  title: 'Dwolla',
  docs: 'https://developers.dwolla.com/docs/webhooks/process-validate',
  setup: {
    call: 'POST /webhook-subscriptions of the Dwolla API',
    secret: 'the secret of the subscription',
  },
  topics: ['customer_created', 'transfer_completed', 'transfer_failed'],
  sign: (given) => hmac({ header: 'X-Request-Signature-SHA-256', ...given }),
  eventIdField: 'id',
  topicField: 'topic',
  checked: '2026-11-28',
  delivers: {
    within: 10_000,
    retries: 259_200_000,
    redirect: 'failure',
    after4xx: 'retried',
    givesUp: 'paused after 400 failures in a row and 24 hours without a success',
    ok: '2xx',
    source: 'https://developers.dwolla.com/docs/api-reference/webhook-subscriptions',
  },
})
