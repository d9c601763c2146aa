import type { Factory } from '@postern/core/scheme'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'

/**
 * Replicate: Standard Webhooks. Replicate retries only the last delivery of a prediction, for about a minute.
 * https://replicate.com/docs/topics/webhooks/verify-webhook
 */
export const replicate: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'replicate',
  title: 'Replicate',
  docs: 'https://replicate.com/docs/topics/webhooks/verify-webhook',
  setup: {
    place: 'webhook in the request that makes the prediction',
    secret: 'the key of GET /v1/webhooks/default/secret',
  },
  notSecret: [[/^r8_/, 'a token for the API']],
  topics: ['starting', 'processing', 'succeeded'],
  topicField: 'status',
  checked: '2026-11-28',
  delivers: {
    retries: 60_000,
    after4xx: 'retried',
    ok: '2xx',
    retryId: 'same',
    source: 'https://replicate.com/docs/topics/webhooks/receive-webhook',
  },
})
