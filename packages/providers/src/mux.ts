import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Mux Video and Data. HMAC-SHA256 over `t.body` in `Mux-Signature`; any of several `v1` may match, other versions never
 * do. Mux wants its 2xx within 5 s, retries with growing delay for 24 hours, and may send an event twice all the same.
 * https://www.mux.com/docs/core/verify-webhook-signatures
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
  hint: 'Signing secret of the webhook.',
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
