import type { Factory } from '@postern/core/scheme'
import {
  SVIX_DELIVERS,
  standardFamily,
  type StandardFamilySecretOptions,
} from './schemes/standard-family.ts'

/** Lithic: Standard Webhooks. https://docs.lithic.com/docs/events-api */
export const lithic: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'lithic',
  title: 'Lithic',
  docs: 'https://docs.lithic.com/docs/events-api',
  setup: {
    place: 'an event subscription of the Events API',
    secret: 'the secret of GET /v1/event_subscriptions/{token}/secret',
  },
  topics: ['card.created', 'card_transaction.updated', 'dispute.updated'],
  topicField: 'event_type',
  checked: '2026-11-28',
  delivers: {
    ...SVIX_DELIVERS,
    within: 'unknown',
    source: 'https://docs.lithic.com/docs/events-api#retry-schedule',
  },
})
