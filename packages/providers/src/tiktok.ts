import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/** TikTok. https://developers.tiktok.com/doc/webhooks-verification */
export const tiktok: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'tiktok',
  title: 'TikTok',
  docs: 'https://developers.tiktok.com/doc/webhooks-verification',
  setup: { steps: ['<app>', 'Products', 'Webhooks'], secret: 'the client secret of the app' },
  topics: ['authorization.removed', 'video.upload.failed', 'video.publish.completed'],
  sign: (given) => hmac({ header: 'TikTok-Signature', pairs: { signature: 's' }, ...given }),
  topicField: 'event',
  checked: '2026-11-28',
  delivers: {
    retries: 3 * DAY,
    after4xx: 'retried',
    ok: '200',
    source: 'https://developers.tiktok.com/doc/webhooks-overview/',
  },
})
