import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Cronofy. https://docs.cronofy.com/developers/api/push-notifications/ */
export const cronofy: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'cronofy',
  title: 'Cronofy',
  docs: 'https://docs.cronofy.com/developers/api/push-notifications/',
  setup: { call: 'POST /v1/channels of the Cronofy API', secret: 'the client secret of the app' },
  topics: ['change', 'verification', 'profile_disconnected'],
  sign: (given) =>
    hmac({ header: 'Cronofy-HMAC-SHA256', encoding: 'base64', several: ',', ...given }),
  topicField: 'notification.type',
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    retries: DAY,
    after4xx: 'retried',
    givesUp: 'the channel is closed after 24 hours of failures',
    ok: '2xx',
    source: 'https://github.com/hookdeck/webhook-skills/tree/main/skills/cronofy-webhooks',
  },
})
