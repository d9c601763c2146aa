import { chargebee } from '../chargebee.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Chargebee in the catalogue. */
export const chargebeeEntry: CatalogueEntry = {
  name: 'chargebee',
  title: 'Chargebee',
  docs: 'https://www.chargebee.com/docs/billing/2.0/site-configuration/webhook_settings',
  create: chargebee,
  secretOption: 'credentials',
  options: { credentials: 'user:password of the webhook.' },
  topics: ['subscription_created', 'subscription_renewed', 'payment_failed', 'invoice_generated'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 4 * DAY,
  canSign: true,
}
