import { hmac, type Factory } from '@postern/core/scheme'
import { preset, topicOf, type PresetOptions } from './schemes/preset.ts'

/** Doppler. https://docs.doppler.com/docs/webhooks */
export const doppler: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'doppler',
  title: 'Doppler',
  docs: 'https://docs.doppler.com/docs/webhooks',
  setup: { steps: ['<project>', 'Webhooks'], secret: 'the signing secret that you type' },
  notSecret: [[/^dp\.[a-z]+\./, 'a token for the API']],
  topics: ['config.secrets.update'],
  sign: (given) => hmac({ header: 'X-Doppler-Signature', prefix: 'sha256=', ...given }),
  topic: topicOf('type'),
  topicField: 'type',
  checked: '2026-11-28',
})
