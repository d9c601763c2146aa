import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Tally. Tally expects a 2xx within 10 s. Tally retries after 5 minutes, 30 minutes, 1 hour, 6 hours and 24 hours.
 * https://tally.so/help/webhooks
 */
export const tally: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'tally',
  title: 'Tally',
  docs: 'https://tally.so/help/webhooks',
  setup: {
    steps: ['<form>', 'Integrations', 'Webhooks'],
    secret: 'the signing secret that you type',
  },
  notSecret: [[/^tly-/, 'a key for the API']],
  topics: ['FORM_RESPONSE'],
  sign: (given) => hmac({ header: 'Tally-Signature', encoding: 'base64', ...given }),
  eventIdField: 'eventId',
  topicField: 'eventType',
  checked: '2026-11-28',
  delivers: { within: 10_000, retries: 113_700_000, after4xx: 'retried', ok: '2xx' },
})
