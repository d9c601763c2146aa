import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Klaviyo. Klaviyo does not document the unit of the signed time or a maximum age. The default tolerance is two days,
 * because Klaviyo retries for two days.
 * https://developers.klaviyo.com/en/docs/working_with_system_webhooks
 */
export const klaviyo: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'klaviyo',
  title: 'Klaviyo',
  docs: 'https://developers.klaviyo.com/en/docs/working_with_system_webhooks',
  setup: {
    call: 'POST /api/webhooks of the Klaviyo API',
    secret: 'secret_key of the webhook, at least 16 characters',
  },
  notSecret: [[/^pk_/, 'a key for the API']],
  topics: ['event:klaviyo.opened_email', 'event:klaviyo.clicked_email', 'event:klaviyo.sent_sms'],
  sign: (given) =>
    hmac({
      header: 'Klaviyo-Signature',
      timestampHeader: 'Klaviyo-Timestamp',
      timestampUnit: 'any',
      tolerance: 172_800,
      message: '{body}{time}',
      ...given,
    }),
  itemsField: 'data',
  eventIdField: 'external_id',
  topicField: 'topic',
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    givesUp: 'disabled after 48 hours of errors',
    ok: '200, 201 and 202',
    source:
      'https://github.com/api-evangelist/klaviyo/blob/main/skills/klaviyo-subscribe-to-webhooks.md',
  },
})
