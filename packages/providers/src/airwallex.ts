import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Airwallex. Its pages do not say whether the signed time is in seconds or milliseconds, so both units are accepted.
 * The pages also do not say whether a retry is signed again. So the default tolerance is the whole time over which
 * Airwallex retries.
 * https://www.airwallex.com/docs/developer-tools__webhooks
 */
export const airwallex: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'airwallex',
  title: 'Airwallex',
  docs: 'https://www.airwallex.com/docs/developer-tools__webhooks',
  setup: { steps: ['Developer', 'Webhooks'], secret: 'the secret key of the notification URL' },
  topics: ['payment_intent.succeeded', 'payment_intent.created', 'refund.succeeded'],
  sign: (given) =>
    hmac({
      header: 'x-signature',
      timestampHeader: 'x-timestamp',
      timestampUnit: 'any',
      tolerance: 259_200,
      message: '{time}{body}',
      ...given,
    }),
  eventIdField: 'id',
  topicField: 'name',
  checked: '2026-11-28',
  delivers: {
    retries: 259_200_000,
    after4xx: 'retried',
    ok: '200',
    source: 'https://www.airwallex.com/docs/developer-tools/webhooks/webhooks-overview',
  },
})
