import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/** ElevenLabs. https://elevenlabs.io/docs/product-guides/administration/webhooks */
export const elevenlabs: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'elevenlabs',
  title: 'ElevenLabs',
  docs: 'https://elevenlabs.io/docs/product-guides/administration/webhooks',
  setup: { steps: ['Settings', 'Webhooks'], secret: 'the secret shown at creation' },
  notSecret: [[/^sk_[\da-f]{40,}$/, 'a key for the API']],
  topics: ['post_call_transcription', 'post_call_audio', 'voice_removal_notice'],
  sign: (given) =>
    hmac({ header: 'ElevenLabs-Signature', pairs: { signature: 'v0' }, tolerance: 1800, ...given }),
  topicField: 'type',
  checked: '2026-11-28',
  delivers: {
    givesUp: 'disabled after ten failures in a row with no success for seven days',
    ok: '200',
    source: 'https://elevenlabs.io/docs/eleven-api/resources/webhooks',
  },
})
