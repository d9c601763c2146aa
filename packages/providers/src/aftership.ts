import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * AfterShip's tracking webhooks. AfterShip's other products, which sign in the header `as-signature-hmac-sha256`, are
 * not supported.
 * https://www.aftership.com/docs/tracking/webhook/webhook-signature
 */
export const aftership: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'aftership',
  title: 'AfterShip',
  docs: 'https://www.aftership.com/docs/tracking/webhook/webhook-signature',
  setup: { steps: ['Settings', 'Webhooks'], secret: 'the webhook secret on the Webhooks page' },
  notSecret: [[/^asat_/, 'a key for the API']],
  topics: ['tracking_update', 'tracking_update_in_transit', 'tracking_update_delivered'],
  sign: (given) => hmac({ header: 'aftership-hmac-sha256', encoding: 'base64', ...given }),
  eventIdField: 'event_id',
  topicField: 'event',
  checked: '2026-11-28',
  delivers: {
    retries: 245_730_000,
    after4xx: 'retried',
    ok: '2xx',
    source: 'https://www.aftership.com/docs/tracking/webhook/webhook-overview',
  },
})
