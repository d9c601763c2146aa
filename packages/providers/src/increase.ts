import type { Factory } from '@postern/core/scheme'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'

/** Increase: Standard Webhooks. https://increase.com/documentation/webhooks */
export const increase: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'increase',
  title: 'Increase',
  docs: 'https://increase.com/documentation/webhooks',
  setup: {
    call: 'POST /event_subscriptions of the Increase API',
    secret: 'the shared secret of the subscription',
  },
  topics: ['account.created', 'ach_transfer.updated', 'card_payment.updated'],
  topicField: 'category',
  checked: '2026-11-28',
})
