import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/** Customer.io. https://docs.customer.io/integrations/data-out/connections/webhooks/ */
export const customerIo: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'customer-io',
  title: 'Customer.io',
  docs: 'https://docs.customer.io/integrations/data-out/connections/webhooks/',
  setup: {
    steps: ['Data & Integrations', 'Reporting Webhooks'],
    secret: 'the webhook signing key',
  },
  topics: ['email.sent', 'email.opened', 'customer.unsubscribed'],
  sign: (given) =>
    hmac({
      header: 'X-CIO-Signature',
      timestampHeader: 'X-CIO-Timestamp',
      message: 'v0:{time}:{body}',
      ...given,
    }),
  eventIdField: 'event_id',
  topicField: ['object_type', 'metric'],
  checked: '2026-11-28',
  delivers: { within: 4_000, ok: '2xx', source: 'https://docs.customer.io/api/webhooks' },
})
