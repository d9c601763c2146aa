import { basic, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Chargebee. Chargebee does not sign. HTTP Basic credentials authenticate a delivery, and only TLS protects the body.
 * Events may arrive in any order; compare `resource_version`. Chargebee expects a 2xx within 60 s and retries up to
 * seven times over about three days.
 * https://www.chargebee.com/docs/billing/2.0/site-configuration/webhook_settings
 */
export const chargebee: Factory<PresetOptions<'credentials'>> = /* @__PURE__ */ preset({
  name: 'chargebee',
  title: 'Chargebee',
  docs: 'https://www.chargebee.com/docs/billing/2.0/site-configuration/webhook_settings',
  setup: {
    steps: ['Settings', 'Configure Chargebee', 'API Keys and Webhooks', 'Webhooks', 'Add Webhook'],
    secret:
      'the Username and Password that you enter under Protect webhook URL with basic authentication',
    docs: 'https://www.chargebee.com/docs/webhook_settings.html',
  },
  topics: ['subscription_created', 'subscription_renewed', 'payment_failed', 'invoice_generated'],
  secret: 'credentials',
  hint: 'user:password of the webhook.',
  sign: () => basic(),
  eventIdField: 'id',
  topicField: 'event_type',
  idPrefix: 'ev_',
  sample: { object: 'event' },
  example: { credentials: 'user:an-example-password' },
  checked: '2026-11-26',
  delivers: { within: 60_000, retries: 4 * DAY, ok: '2xx' },
})
