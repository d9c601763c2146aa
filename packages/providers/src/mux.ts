import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Mux Video and Data. The signature is HMAC-SHA256 over `t.body`, in `Mux-Signature`. A delivery may have several `v1`
 * signatures, of which one must match. Other versions are ignored. Mux expects a 2xx within 5 s and retries with
 * growing delays for 24 hours. Mux may send an event twice. https://www.mux.com/docs/core/verify-webhook-signatures
 */
export const mux: Factory<DatedPresetOptions<'webhookSecret'>> = /* @__PURE__ */ preset({
  name: 'mux',
  title: 'Mux',
  docs: 'https://www.mux.com/docs/core/verify-webhook-signatures',
  setup: {
    steps: ['Mux Dashboard', 'Settings', 'Webhooks'],
    url: 'https://dashboard.mux.com/settings/webhooks',
    call: 'POST https://api.mux.com/system/v1/webhooks',
    secret: 'the signing secret of the webhook',
    docs: 'https://www.mux.com/docs/core/manage-webhooks',
  },
  topics: ['video.asset.ready', 'video.upload.asset_created', 'video.live_stream.active'],
  secret: 'webhookSecret',
  sign: ({ tolerance }) => hmac({ header: 'Mux-Signature', pairs: {}, tolerance }),
  eventIdField: 'id',
  topicField: 'type',
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    retries: DAY,
    after4xx: 'retried',
    ok: '2xx',
    source: 'https://www.mux.com/docs/core/listen-for-webhooks',
  },
})
