import { hmac, type Factory } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Flutterwave's API v4. For v3, which sends the secret itself in `verif-hash`, use `generic` with `header-token`.
 * https://developer.flutterwave.com/docs/webhooks
 */
export const flutterwave: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'flutterwave',
  title: 'Flutterwave',
  docs: 'https://developer.flutterwave.com/docs/webhooks',
  setup: { steps: ['Settings', 'Webhooks'], secret: 'the secret hash that you type' },
  notSecret: [[/^FLW(?:SECK|PUBK)/, 'a key for the API']],
  topics: ['charge.completed', 'transfer.completed', 'charge.failed'],
  sign: (given) => hmac({ header: 'flutterwave-signature', encoding: 'base64', ...given }),
  eventIdField: 'id',
  topicField: 'type',
  checked: '2026-11-28',
  delivers: {
    within: 60_000,
    // If retries are switched on, Flutterwave retries three times, half an hour apart.
    retries: 1.5 * HOUR,
    redirect: 'failure',
    after4xx: 'retried',
    ok: '200',
  },
})
