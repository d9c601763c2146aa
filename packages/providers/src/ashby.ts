import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Ashby. https://developers.ashbyhq.com/docs/authenticating-webhooks */
export const ashby: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'ashby',
  title: 'Ashby',
  docs: 'https://developers.ashbyhq.com/docs/authenticating-webhooks',
  setup: { steps: ['Admin', 'Integrations', 'Webhooks'], secret: 'the secret token that you type' },
  topics: ['applicationSubmit', 'candidateHire', 'candidateStageChange'],
  sign: (given) => hmac({ header: 'Ashby-Signature', prefix: 'sha256=', ...given }),
  topicField: 'action',
  checked: '2026-11-28',
  delivers: {
    retries: 20_360_000,
    after4xx: 'retried, but 401, 403, 404, 405 and 410',
    ok: '2xx',
    source: 'https://developers.ashbyhq.com/docs/retries',
  },
})
