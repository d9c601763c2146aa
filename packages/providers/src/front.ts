import type { Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Front. HMAC-SHA256 over `{time}:{body}` in `X-Front-Signature`, base64. Topic is `type`, id is `id`. Application
 * webhooks; those of rules are signed otherwise and not covered.
 * https://dev.frontapp.com/docs/webhooks-1
 */
export const front: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'front',
  title: 'Front',
  docs: 'https://dev.frontapp.com/docs/webhooks-1',
  setup: {
    place: 'the webhooks of the app in the developer settings',
    secret: 'the signing key of the app',
  },
  topics: ['inbound', 'outbound', 'assign'],
  hint: 'Signing key of the app.',
  sign: {
    scheme: 'hmac',
    header: 'X-Front-Signature',
    encoding: 'base64',
    timestampHeader: 'X-Front-Request-Timestamp',
    timestampUnit: 'ms',
    message: '{time}:{body}',
  },
  eventIdField: 'id',
  topicField: 'type',
  checked: '2026-11-28',
})
