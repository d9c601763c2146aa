import type { Factory } from '@postern/core/scheme'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'

/**
 * Brex: Standard Webhooks. Brex's secrets do not start with `whsec_`.
 * https://developer.brex.com/docs/webhooks/
 */
export const brex: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'brex',
  title: 'Brex',
  docs: 'https://developer.brex.com/docs/webhooks/',
  setup: {
    call: 'POST /v1/webhooks of the Brex API',
    secret: 'the secret of GET /v1/webhooks/secrets',
  },
  topics: ['TRANSFER_PROCESSED', 'TRANSFER_FAILED', 'REFERRAL_CREATED'],
  topicField: 'event_type',
  checked: '2026-11-28',
  delivers: { source: 'https://developer.brex.com/openapi/webhooks_api' },
})
