import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Checkr. https://docs.checkr.com/#section/Webhooks */
export const checkr: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'checkr',
  title: 'Checkr',
  docs: 'https://docs.checkr.com/#section/Webhooks',
  setup: { steps: ['Account Settings', 'Webhooks'], secret: 'the API key of the account' },
  topics: ['report.completed', 'report.created', 'candidate.created'],
  sign: (given) => hmac({ header: 'X-Checkr-Signature', ...given }),
  eventIdField: 'id',
  topicField: 'type',
  checked: '2026-11-28',
  delivers: {
    givesUp: 'removed after 60 days in which all failed',
    ok: '2xx',
    source: 'https://docs.checkr.com/apis/webhooks',
  },
})
