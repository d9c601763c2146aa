import type { Factory } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'

/** Etsy: Standard Webhooks. https://developers.etsy.com/documentation/essentials/webhooks/ */
export const etsy: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'etsy',
  title: 'Etsy',
  docs: 'https://developers.etsy.com/documentation/essentials/webhooks/',
  setup: { place: 'the Webhooks page of the app', secret: 'the signing secret of the endpoint' },
  topics: ['order.paid', 'order.shipped', 'order.canceled'],
  topicField: 'event_type',
  checked: '2026-11-28',
  delivers: { retries: 28 * HOUR, after4xx: 'retried' },
})
