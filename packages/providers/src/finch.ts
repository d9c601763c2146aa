import type { Factory } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'

/**
 * Finch: Standard Webhooks with its own header names. The secret is base64, without the prefix `whsec_`.
 * https://developer.tryfinch.com/how-finch-works/webhooks
 */
export const finch: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'finch',
  title: 'Finch',
  docs: 'https://developer.tryfinch.com/how-finch-works/webhooks',
  setup: {
    place: 'the Webhooks page of the dashboard',
    secret: 'the secret shown at creation, base64',
  },
  topics: ['account.updated', 'company.updated', 'directory.created'],
  topicField: 'event_type',
  headers: { id: 'Finch-Event-Id', timestamp: 'Finch-Timestamp', signature: 'Finch-Signature' },
  example: { secret: 'YW4gZXhhbXBsZSBzZWNyZXQgb2YgMzIgYnl0ZXM=' },
  checked: '2026-11-28',
  delivers: { retries: 28 * HOUR, ok: '200' },
})
