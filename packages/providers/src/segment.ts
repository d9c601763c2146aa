import { hmac, type Factory } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Segment. https://segment.com/docs/connections/destinations/catalog/actions-webhook/ */
export const segment: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'segment',
  title: 'Segment',
  docs: 'https://segment.com/docs/connections/destinations/catalog/actions-webhook/',
  setup: { place: 'a Webhooks destination', secret: 'the shared secret of the destination' },
  topics: ['track', 'identify', 'page'],
  sign: (given) => hmac({ header: 'X-Signature', algorithm: 'sha1', ...given }),
  eventIdField: 'messageId',
  topicField: 'type',
  checked: '2026-11-28',
  delivers: { retries: 4 * HOUR, source: 'https://segment.com/docs/connections/destinations/' },
})
