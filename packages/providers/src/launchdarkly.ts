import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** LaunchDarkly. https://launchdarkly.com/docs/home/infrastructure/webhooks */
export const launchdarkly: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'launchdarkly',
  title: 'LaunchDarkly',
  docs: 'https://launchdarkly.com/docs/home/infrastructure/webhooks',
  setup: { steps: ['Integrations', 'Webhooks'], secret: 'the secret of the webhook' },
  notSecret: [[/^(?:api|sdk|mob)-/, 'a key for the API']],
  topics: ['flag', 'project', 'environment'],
  sign: (given) => hmac({ header: 'X-LD-Signature', ...given }),
  eventIdField: '_id',
  topicField: 'kind',
  checked: '2026-11-28',
  delivers: {
    after4xx: 'retried, once',
    ok: '2xx',
    source: 'https://launchdarkly.com/docs/api/webhooks',
  },
})
