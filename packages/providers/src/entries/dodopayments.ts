import { FAMILY_OPTIONS } from '../schemes/standard-family.ts'
import { dodopayments } from '../dodopayments.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Dodo Payments in the catalogue. */
export const dodopaymentsEntry: CatalogueEntry = {
  name: 'dodopayments',
  title: 'Dodo Payments',
  docs: 'https://docs.dodopayments.com/developer-resources/webhooks',
  create: dodopayments,
  secretOption: 'secret',
  options: { secret: 'Secret key of the webhook, whsec_…', ...FAMILY_OPTIONS },
  topics: ['payment.succeeded', 'subscription.active', 'refund.succeeded', 'dispute.opened'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 76 * HOUR,
  canSign: true,
}
