import { hmac, type Factory } from '@postern/core/scheme'
import { preset, topicOf, type DatedPresetOptions } from './schemes/preset.ts'

/** Affirm. https://docs.affirm.com/developers/docs/webhooks */
export const affirm: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'affirm',
  title: 'Affirm',
  docs: 'https://docs.affirm.com/developers/docs/webhooks',
  setup: {
    place: 'the webhook settings of the merchant',
    secret: 'the private key of the merchant',
  },
  topics: ['opened', 'approved', 'confirmed'],
  sign: (given) =>
    hmac({
      header: 'X-Affirm-Signature',
      algorithm: 'sha512',
      pairs: { signature: 'v0' },
      ...given,
    }),
  topic: topicOf('event', 'event_type', 'type'),
  topicField: 'event',
  formats: ['json', 'form'],
  checked: '2026-11-28',
  delivers: {
    retries: 0,
    after4xx: 'dropped',
    ok: '2xx',
    source: 'https://docs.affirm.com/developers/docs/webhook-best-practices',
  },
})
