import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/** Knock. https://docs.knock.app/developer-tools/outbound-webhooks/overview */
export const knock: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'knock',
  title: 'Knock',
  docs: 'https://docs.knock.app/developer-tools/outbound-webhooks/overview',
  setup: { steps: ['Developers', 'Webhooks'], secret: 'the signing key of the webhook' },
  notSecret: [[/^[sp]k_(?:test_)?[\w-]{36,}$/, 'a key for the API']],
  topics: ['message.sent', 'message.delivered', 'workflow.updated'],
  sign: (given) =>
    hmac({
      header: 'x-knock-signature',
      encoding: 'base64',
      pairs: { signature: 's' },
      timestampUnit: 'ms',
      ...given,
    }),
  eventIdField: 'id',
  topicField: 'type',
  checked: '2026-11-28',
  delivers: { redirect: 'failure', after4xx: 'retried', ok: '2xx' },
})
