import { hmac, type Factory } from '@postern/core/scheme'
import { preset, topicOf, type PresetOptions } from './schemes/preset.ts'

/** Merge. https://docs.merge.dev/guides/webhooks/webhook-signature/ */
export const merge: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'merge',
  title: 'Merge',
  docs: 'https://docs.merge.dev/guides/webhooks/webhook-signature/',
  setup: { steps: ['Configuration', 'Webhooks'], secret: 'the signature key of the account' },
  topics: ['Employee.changed', 'LinkedAccount.linked', 'LinkedAccount.issue'],
  sign: (given) => hmac({ header: 'X-Merge-Webhook-Signature', encoding: 'base64url', ...given }),
  topic: topicOf('hook.event'),
  topicField: 'hook.event',
  checked: '2026-11-28',
  delivers: {
    within: 30_000,
    after4xx: 'dropped',
    source: 'https://help.merge.dev/en/articles/5720975-automatic-webhook-retries',
  },
})
