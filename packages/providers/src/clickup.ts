import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** ClickUp. https://developer.clickup.com/docs/webhooksignature */
export const clickup: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'clickup',
  title: 'ClickUp',
  docs: 'https://developer.clickup.com/docs/webhooksignature',
  setup: { call: 'POST /api/v2/team/{team_id}/webhook', secret: 'webhook.secret in the response' },
  topics: ['taskCreated', 'taskUpdated', 'taskDeleted'],
  sign: (given) => hmac({ header: 'X-Signature', ...given }),
  topicField: 'event',
  checked: '2026-11-28',
  delivers: {
    within: 7_000,
    after4xx: 'retried, but 410',
    givesUp: 'at a 410, and after 100 events that failed',
    source: 'https://developer.clickup.com/docs/webhookhealth',
  },
})
