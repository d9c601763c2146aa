import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/** Calendly. https://developer.calendly.com/api-docs/ZG9jOjM2MzE2MDM4-webhook-signatures */
export const calendly: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'calendly',
  title: 'Calendly',
  docs: 'https://developer.calendly.com/api-docs/ZG9jOjM2MzE2MDM4-webhook-signatures',
  setup: {
    call: 'POST /webhook_subscriptions of the Calendly API',
    secret: 'signing_key of the subscription',
  },
  notSecret: [[/^eyJ/, 'a token for the API']],
  topics: ['invitee.created', 'invitee.canceled', 'routing_form_submission.created'],
  sign: (given) =>
    hmac({ header: 'Calendly-Webhook-Signature', pairs: {}, tolerance: 180, ...given }),
  topicField: 'event',
  checked: '2026-11-28',
  delivers: {
    within: 15_000,
    retries: 86_400_000,
    redirect: 'failure',
    after4xx: 'retried, but 410',
    givesUp: 'at a 410, and after 24 hours of failures',
    source: 'https://developer.calendly.com/api-docs/overview/webhooks/webhook-errors',
  },
})
