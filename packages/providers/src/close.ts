import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/** Close. https://developer.close.com/topics/webhooks/ */
export const close: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'close',
  title: 'Close',
  docs: 'https://developer.close.com/topics/webhooks/',
  setup: {
    call: 'POST /api/v1/webhook/ of the Close API',
    secret: 'signature_key of the subscription, in hex',
  },
  topics: ['lead.created', 'opportunity.updated', 'activity.email.sent'],
  sign: (given) =>
    hmac({
      header: 'close-sig-hash',
      keyEncoding: 'hex',
      timestampHeader: 'close-sig-timestamp',
      message: '{time}{body}',
      ...given,
    }),
  eventIdField: 'event.id',
  topicField: ['event.object_type', 'event.action'],
  example: { secret: '6578616d706c65' },
  checked: '2026-11-28',
  delivers: {
    within: 15_000,
    givesUp: 'paused after three days in which all failed',
    source: 'https://developer.close.com/api/overview/changelog',
  },
})
