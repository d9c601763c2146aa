import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/** Retell AI. https://docs.retellai.com/features/secure-webhook */
export const retell: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'retell',
  title: 'Retell AI',
  docs: 'https://docs.retellai.com/features/secure-webhook',
  setup: { place: 'the webhook URL of the agent', secret: 'the API key marked for webhooks' },
  topics: ['call_started', 'call_ended', 'call_analyzed'],
  hint: 'The API key.',
  sign: (given) =>
    hmac({
      header: 'x-retell-signature',
      pairs: { time: 'v', signature: 'd' },
      timestampUnit: 'ms',
      message: '{body}{time}',
      ...given,
    }),
  topicField: 'event',
  checked: '2026-11-28',
  delivers: {
    within: 10_000,
    after4xx: 'retried',
    ok: '2xx',
    source: 'https://docs.retellai.com/features/webhook',
  },
})
