import type { Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Airwallex. HMAC-SHA256 over `{time}{body}`, hex. The unit of the signed time is not documented: its age is not judged.
 * https://www.airwallex.com/docs/developer-tools__webhooks
 */
export const airwallex: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'airwallex',
  title: 'Airwallex',
  docs: 'https://www.airwallex.com/docs/developer-tools__webhooks',
  setup: { steps: ['Developer', 'Webhooks'], secret: 'the secret key of the notification URL' },
  topics: ['payment_intent.succeeded', 'payment_intent.created', 'refund.succeeded'],
  sign: {
    scheme: 'hmac',
    header: 'x-signature',
    timestampHeader: 'x-timestamp',
    timestampUnit: 'any',
    message: '{time}{body}',
  },
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
