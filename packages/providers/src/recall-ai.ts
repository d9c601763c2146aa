import type { Factory } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'

/**
 * Recall.ai: Standard Webhooks. For accounts from before 2025-12-15, deliveries have `svix-*` headers, and each
 * endpoint has its own secret. Recall.ai signs only after you have created a secret.
 * https://docs.recall.ai/docs/authenticating-requests-from-recallai
 */
export const recallAi: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'recall-ai',
  title: 'Recall.ai',
  docs: 'https://docs.recall.ai/docs/authenticating-requests-from-recallai',
  setup: {
    place: 'the Webhooks page of the dashboard',
    secret: 'the secret of the workspace, whsec_…',
  },
  notSecret: [[/^[\da-f]{40}$/, 'a key for the API']],
  topics: ['bot.status_change', 'bot.done', 'transcript.done'],
  topicField: 'event',
  prefixes: ['webhook-', 'svix-'],
  checked: '2026-11-28',
  delivers: {
    retries: 28 * HOUR,
    givesUp: 'disabled after five days in which all failed',
    source: 'https://docs.recall.ai/docs/faq-webhooks',
  },
})
