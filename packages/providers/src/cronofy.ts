import type { Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Cronofy. HMAC-SHA256 over the body in `Cronofy-HMAC-SHA256`, base64. Topic is `notification.type`, there is no id of
 * the event.
 * https://docs.cronofy.com/developers/api/push-notifications/
 */
export const cronofy: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'cronofy',
  title: 'Cronofy',
  docs: 'https://docs.cronofy.com/developers/api/push-notifications/',
  setup: {
    call: 'POST /v1/channels of the Cronofy API',
    secret: 'the client secret of the application',
  },
  topics: ['change', 'verification', 'profile_disconnected'],
  hint: 'Client secret of the application.',
  sign: { scheme: 'hmac', header: 'Cronofy-HMAC-SHA256', encoding: 'base64', several: ',' },
  topicField: 'notification.type',
  checked: '2026-11-28',
})
