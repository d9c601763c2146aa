import { hmac, type Factory } from '@postern/core/scheme'
import { preset, topicOf, type DatedPresetOptions } from './schemes/preset.ts'

/** Airship. https://docs.airship.com/api/ua/#webhooks */
export const airship: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'airship',
  title: 'Airship',
  docs: 'https://docs.airship.com/api/ua/#webhooks',
  setup: {
    place: 'the webhook settings of the project',
    secret: 'the signature key of the webhook',
  },
  topics: ['OPEN', 'SEND', 'CLOSE'],
  sign: (given) =>
    hmac({
      header: 'X-UA-SIGNATURE',
      timestampHeader: 'X-UA-TIMESTAMP',
      message: '{time}:{body}',
      ...given,
    }),
  topic: topicOf('type', 'event', 'event_type'),
  eventIdField: 'id',
  topicField: 'type',
  checked: '2026-11-28',
})
