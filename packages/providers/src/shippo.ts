import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/** Shippo. https://docs.goshippo.com/docs/tracking/webhooks/ */
export const shippo: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'shippo',
  title: 'Shippo',
  docs: 'https://docs.goshippo.com/docs/tracking/webhooks/',
  setup: {
    steps: ['Settings', 'API', 'Webhooks'],
    secret: 'the HMAC secret that Shippo support sets',
  },
  notSecret: [[/^shippo_(?:live|test)_/, 'a key for the API']],
  topics: ['track_updated', 'transaction_created', 'batch_purchased'],
  sign: (given) => hmac({ header: 'Shippo-Auth-Signature', pairs: {}, ...given }),
  topicField: 'event',
  checked: '2026-11-28',
  delivers: { within: 3_000, after4xx: 'dropped, but 408 and 429', ok: '2xx' },
})
