import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** CircleCI. https://circleci.com/docs/webhooks/ */
export const circleci: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'circleci',
  title: 'CircleCI',
  docs: 'https://circleci.com/docs/webhooks/',
  setup: { steps: ['Project Settings', 'Webhooks'], secret: 'the secret token that you type' },
  notSecret: [[/^CCIP[A-Z]+_/, 'a token for the API']],
  topics: ['workflow-completed', 'job-completed', 'workflow-started'],
  sign: (given) => hmac({ header: 'circleci-signature', prefix: 'v1=', several: ',', ...given }),
  eventIdField: 'id',
  topicField: 'type',
  checked: '2026-11-28',
  delivers: {
    within: 10_000,
    after4xx: 'retried',
    ok: '2xx',
    source: 'https://circleci.com/docs/outbound-webhooks',
  },
})
