import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Orb. The signed time is an ISO date. A date without a time zone is in UTC.
 * https://docs.withorb.com/guides/integrations-and-exports/webhooks
 */
export const orb: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'orb',
  title: 'Orb',
  docs: 'https://docs.withorb.com/guides/integrations-and-exports/webhooks',
  setup: { steps: ['Developers', 'Webhooks'], secret: 'the signing secret of the endpoint' },
  topics: ['customer.created', 'invoice.issued', 'subscription.started'],
  sign: (given) =>
    hmac({
      header: 'X-Orb-Signature',
      prefix: 'v1=',
      timestampHeader: 'X-Orb-Timestamp',
      timestampUnit: 'iso',
      message: 'v1:{time}:{body}',
      ...given,
    }),
  eventIdField: 'id',
  topicField: 'type',
  checked: '2026-11-28',
})
