import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Lob. Its pages do not say whether the signed time is in seconds or milliseconds, so both units are accepted. The
 * pages also do not say whether a retry is signed again, so the default tolerance is a day.
 * https://docs.lob.com/#tag/Webhooks
 */
export const lob: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'lob',
  title: 'Lob',
  docs: 'https://docs.lob.com/#tag/Webhooks',
  setup: { place: 'Webhooks of the dashboard', secret: 'the secret of the webhook' },
  notSecret: [[/^(?:live|test)_(?:pub_)?[\da-f]{30,}$/, 'a key for the API']],
  topics: ['letter.created', 'postcard.mailed', 'check.delivered'],
  sign: (given) =>
    hmac({
      header: 'Lob-Signature',
      timestampHeader: 'Lob-Signature-Timestamp',
      timestampUnit: 'any',
      tolerance: 86_400,
      message: '{time}.{body}',
      ...given,
    }),
  eventIdField: 'id',
  topicField: 'event_type.id',
  checked: '2026-11-28',
  delivers: {
    after4xx: 'retried',
    ok: '2xx',
    source: 'https://help.lob.com/print-and-mail/getting-data-and-results/using-webhooks',
  },
})
